import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
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

/** The same, unpacked where it is packed with gzip. */
export async function readUnpacked(file: string, remedy: string): Promise<Uint8Array> {
  return unpacked(await readInput(file, remedy), file);
}

/** What is piped in, unpacked where it is packed with gzip. */
export async function readStandardInput(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return unpacked(Buffer.concat(parts), 'standard input');
}

function unpacked(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return new Uint8Array(gunzipSync(bytes));
  } catch (cause) {
    throw new AppError('BAD_INPUT', `${name} is a gzip file that cannot be unpacked: damaged, or cut off.`, {
      details: { file: name },
      cause,
    });
  }
}
