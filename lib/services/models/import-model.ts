import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { completeOutbox } from '../outbox/complete-outbox';
import { authorise } from '../people/authorise';
import { type ProducedModel, registerArtifacts } from '../runs/finish-run';

export const modelName = z.string().trim().min(1, 'A model needs a name.').max(120);
export const importModelInput = z.strictObject({
  projectId: z.uuid(),
  name: modelName,
  /** Closes this request of the outbox in the same transaction. */
  request: z.string().optional(),
});

/**
 * Takes a checked model, whose files lie in the blob store, into a project. The check itself needs the tensor code: the worker and the
 * command line do it (workers/processors/import-folder.ts).
 */
export async function importModel(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof importModelInput>,
  model: ProducedModel,
): Promise<{ modelId: string }> {
  const { projectId, name, request } = importModelInput.parse(input);
  await authorise(deps, actor, projectId, 'model.import');
  const at = deps.clock.now();
  return deps.db.$transaction(async (tx) => {
    if ((await tx.modelVersion.count({ where: { projectId, name } })) > 0) throw nameTaken(name);
    await registerArtifacts(tx, Object.values(model.files));
    const created = await tx.modelVersion.create({
      data: {
        projectId,
        name,
        kind: model.kind,
        family: model.family,
        parameterCount: model.parameterCount,
        contextLength: model.contextLength,
        vocabularySize: model.vocabularySize,
        files: Object.fromEntries(Object.entries(model.files).map(([file, { sha256 }]) => [file, sha256])),
        weightsHash: model.weightsHash,
        card: model.card as object,
        createdById: actorUserId(actor),
        createdAt: at,
      },
      select: { id: true },
    });
    if (request) await completeOutbox(tx, 'import-model', request, at);
    return { modelId: created.id };
  });
}

export function nameTaken(name: string): AppError {
  return new AppError('CONFLICT', `The project has a model named "${name}" already.`, { remedy: 'Choose another name.' });
}
