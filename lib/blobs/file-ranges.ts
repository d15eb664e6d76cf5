import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors';

/** Files that are read range by range, by name. */
export interface FileRanges {
  /** Bytes of a file; undefined where there is none. */
  size(name: string): Promise<number | undefined>;
  /** Bytes `begin` to `end`, in a buffer of their own. */
  read(name: string, begin: number, end: number): Promise<Uint8Array>;
}

/** One read of the system gives at most 2 GiB. */
const readBytes = 2 ** 30;

/** Ranges of the files that `pathOf` names; undefined from it means that there is no such file. */
export function fileRanges(pathOf: (name: string) => Promise<string | undefined>): FileRanges {
  return {
    async size(name) {
      const file = await pathOf(name);
      if (file === undefined) return undefined;
      const found = await stat(file).catch(() => undefined);
      return found?.isFile() ? found.size : undefined;
    },
    async read(name, begin, end) {
      const file = await pathOf(name);
      if (file === undefined) throw new AppError('NOT_FOUND', `There is no file ${name}.`, { details: { file: name } });
      return readRange(file, begin, end);
    },
  };
}

/** The files of a folder. @throws AppError BAD_INPUT where it is none */
export async function folderRanges(folder: string): Promise<FileRanges> {
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory()) {
    throw new AppError('BAD_INPUT', `${folder} is not a folder that can be read.`, {
      details: { folder },
      remedy: 'Name the folder that holds config.json, model.safetensors and tokenizer.json.',
    });
  }
  return fileRanges((name) => Promise.resolve(path.join(folder, name)));
}

async function readRange(file: string, begin: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  try {
    const handle = await open(file);
    try {
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await handle.read(bytes, at, Math.min(readBytes, bytes.length - at), begin + at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      if (at === bytes.length) return bytes;
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new AppError('BAD_INPUT', `${file} is missing or cannot be read.`, { details: { file }, cause });
  }
  throw new AppError('BAD_INPUT', `${file} ends before byte ${end}: it was cut off while it was read.`, { details: { file } });
}
