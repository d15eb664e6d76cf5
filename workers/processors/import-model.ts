import type { Actor } from '#lib/domain/actor';
import { systemActor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { readImportRequest } from '#lib/services/models/get-import';
import { blobFolder } from './blob-folder';
import { importFiles, importFolder } from './import-folder';

/** A model import that was asked for in the browser. */
export async function importModelFiles(deps: Deps, request: string): Promise<void> {
  const asked = await readImportRequest(deps, request);
  const actor: Actor = asked.userId ? { kind: 'user', userId: asked.userId, isSystemAdmin: false } : systemActor('worker');
  const { projectId, name } = asked;
  if ('folder' in asked) {
    await importFolder(deps, actor, { projectId, name, folder: asked.folder, request });
    return;
  }
  await importFiles(deps, actor, { projectId, name, source: name, request }, blobFolder(deps.blobs, asked.files));
}
