import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { addOutbox } from '../outbox/add-outbox';
import { authorise } from '../people/authorise';
import { modelName, nameTaken } from './import-model';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const uploaded = z.strictObject({ 'config.json': sha256, 'model.safetensors': sha256, 'tokenizer.json': sha256 });

export const requestImportInput = z.union([
  z.object({ projectId: z.uuid(), name: modelName, files: uploaded }),
  z.object({ projectId: z.uuid(), name: modelName, folder: z.string().min(1) }),
]);

/** What the worker reads of a request; kept in the blob store, because the outbox carries ids only. */
export const importRequest = z.intersection(requestImportInput, z.object({ userId: z.string().nullable() }));

/**
 * Asks the worker to check and take in a model: three uploaded files, by their address in the blob store, or a folder of the server (only for
 * an admin of the installation: it reads the server's disk).
 */
export async function requestModelImport(
  deps: Pick<Deps, 'db' | 'blobs' | 'queues'>,
  actor: Actor,
  input: z.input<typeof requestImportInput>,
): Promise<{ importId: string }> {
  const request = requestImportInput.parse(input);
  await authorise(deps, actor, request.projectId, 'model.import');
  if ('folder' in request && actor.kind === 'user' && !actor.isSystemAdmin) {
    throw new AppError('FORBIDDEN', 'Only an admin of this installation may import from a folder of the server.', {
      remedy: 'Upload the three files instead.',
    });
  }
  const taken = await deps.db.modelVersion.count({ where: { projectId: request.projectId, name: request.name } });
  if (taken > 0) throw nameTaken(request.name);
  const kept = importRequest.parse({ ...request, userId: actorUserId(actor) });
  // A new salt: asking for the same again is a new request, with an answer of its own.
  const bytes = new TextEncoder().encode(JSON.stringify({ ...kept, requestId: randomUUID() }));
  const { sha256: subjectId } = await deps.blobs.putBytes(bytes);
  const dedupeKey = `import-${subjectId}`;
  await deps.db.$transaction((tx) => addOutbox(tx, { kind: 'import-model', subjectId, dedupeKey }));
  const row = await deps.db.outbox.findUniqueOrThrow({ where: { dedupeKey }, select: { id: true } });
  await deps.queues.wake();
  return { importId: row.id };
}
