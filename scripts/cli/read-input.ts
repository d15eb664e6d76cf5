import { readFile } from 'node:fs/promises';
import { AppError } from '#lib/errors';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
  ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB',
};

/** A file that a person named. @throws AppError BAD_INPUT naming it and why it cannot be read */
export async function readInput(file: string, remedy: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new AppError('BAD_INPUT', `${file} cannot be read: ${reasons[code] ?? (code || 'unknown reason')}.`, {
      details: { file },
      remedy,
      cause,
    });
  }
}
