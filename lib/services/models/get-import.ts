import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { authorise } from '../people/authorise';
import { importRequest } from './request-import';

export const getImportInput = z.strictObject({ importId: z.uuid() });

export interface ModelImport {
  readonly state: 'WAITING' | 'DONE' | 'FAILED';
  readonly name: string;
  readonly modelId: string | null;
  readonly reason: string | null;
}

/** Where a requested import stands. */
export async function getModelImport(
  deps: Pick<Deps, 'db' | 'blobs'>,
  actor: Actor,
  input: z.input<typeof getImportInput>,
): Promise<ModelImport> {
  const { importId } = getImportInput.parse(input);
  const row = await deps.db.outbox.findUnique({ where: { id: importId } });
  if (row?.kind !== 'import-model') throw new AppError('NOT_FOUND', 'There is no such import.', { details: { importId } });
  const { projectId, name } = await readImportRequest(deps, row.subjectId);
  await authorise(deps, actor, projectId, 'model.read');
  if (!row.doneAt) return { state: 'WAITING', name, modelId: null, reason: row.lastError };
  if (row.lastError) return { state: 'FAILED', name, modelId: null, reason: row.lastError };
  const model = await deps.db.modelVersion.findUnique({ where: { projectId_name: { projectId, name } }, select: { id: true } });
  return { state: 'DONE', name, modelId: model?.id ?? null, reason: null };
}

export async function readImportRequest(deps: Pick<Deps, 'blobs'>, subjectId: string): Promise<z.infer<typeof importRequest>> {
  const text = new TextDecoder().decode(await deps.blobs.readBytes(subjectId));
  const { requestId: _, ...request } = z.looseObject({ requestId: z.string() }).parse(JSON.parse(text));
  return importRequest.parse(request);
}
