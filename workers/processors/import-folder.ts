import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import { parseModelFiles } from '#lib/ml/models/hugging-face';
import type { Deps } from '#lib/services/deps';
import { importModel } from '#lib/services/models/import-model';
import { storeFiles } from './store-model';

const names = ['config.json', 'model.safetensors', 'tokenizer.json'] as const;
export type FolderFiles = Readonly<Record<(typeof names)[number], Uint8Array>>;

/** Checks the three files of a Hugging Face folder and takes the model into the project. @throws AppError BAD_INPUT naming file or tensor */
export async function importFiles(
  deps: Pick<Deps, 'db' | 'clock' | 'blobs'>,
  actor: Actor,
  input: { projectId: string; name: string; source: string; request?: string },
  files: FolderFiles,
): Promise<{ modelId: string }> {
  const model = parseModelFiles({
    config: files['config.json'],
    weights: files['model.safetensors'],
    tokenizer: new TextDecoder().decode(files['tokenizer.json']),
    source: input.source,
  });
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
  return importFiles(deps, actor, { ...input, source: input.folder }, await readFolder(input.folder));
}

async function readFolder(folder: string): Promise<FolderFiles> {
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory()) {
    throw new AppError('BAD_INPUT', `${folder} is not a folder that can be read.`, {
      details: { folder },
      remedy: 'Name the folder that holds config.json, model.safetensors and tokenizer.json.',
    });
  }
  const read = async (name: string) => {
    const file = path.join(folder, name);
    try {
      return await readFile(file);
    } catch (cause) {
      throw new AppError('BAD_INPUT', `${file} is missing or cannot be read.`, {
        details: { file },
        remedy:
          'The folder needs config.json, model.safetensors and tokenizer.json. Files of llama2.c: convert them with "plumbline models convert".',
        cause,
      });
    }
  };
  return {
    'config.json': await read('config.json'),
    'model.safetensors': await read('model.safetensors'),
    'tokenizer.json': await read('tokenizer.json'),
  };
}
