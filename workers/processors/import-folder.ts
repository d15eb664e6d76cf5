import path from 'node:path';
import { type FileRanges, folderRanges } from '#lib/blobs/file-ranges';
import type { Actor } from '#lib/domain/actor';
import { readModel } from '#lib/ml/models/hugging-face';
import type { Deps } from '#lib/services/deps';
import { importModel } from '#lib/services/models/import-model';
import { storeFiles } from './store-model';

/** Checks the files of a Hugging Face model and takes it into the project. @throws AppError BAD_INPUT naming file or tensor */
export async function importFiles(
  deps: Pick<Deps, 'db' | 'clock' | 'blobs'>,
  actor: Actor,
  input: { projectId: string; name: string; source: string; request?: string },
  files: FileRanges,
): Promise<{ modelId: string }> {
  const model = await readModel(files, input.source);
  const stored = await storeFiles(deps, model, { source: path.basename(input.source), importedFrom: 'hugging-face' });
  const { projectId, name, request } = input;
  return importModel(deps, actor, { projectId, name, ...(request ? { request } : {}) }, stored);
}

/** The same from a folder of this machine. */
export async function importFolder(
  deps: Pick<Deps, 'db' | 'clock' | 'blobs'>,
  actor: Actor,
  input: { projectId: string; name: string; folder: string; request?: string },
): Promise<{ modelId: string }> {
  return importFiles(deps, actor, { ...input, source: input.folder }, await folderRanges(input.folder));
}
