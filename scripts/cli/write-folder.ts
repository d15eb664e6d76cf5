import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '#lib/errors';
import type { WritableFile } from '#lib/ml/models/serialize-model';
import { outputError } from './write-output';

/** @throws AppError BAD_INPUT where it is a file, PRECONDITION where it is not empty and `force` is not given */
export async function requireFreeFolder(out: string, force: boolean): Promise<void> {
  const found = await stat(out).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isDirectory()) {
    throw new AppError('BAD_INPUT', `${out} is a file, not a folder.`, { details: { file: out }, remedy: 'Choose another --out.' });
  }
  if (!force && (await readdir(out)).length > 0) {
    throw new AppError('PRECONDITION', `The folder ${out} is not empty; nothing was written.`, {
      details: { folder: out },
      remedy: 'Choose another --out, or add --force to write into it.',
    });
  }
}

/** Written into `draft` first, a folder on the same disk that is not there yet: a folder that is there holds every file whole. */
export async function writeFolder(
  out: string,
  files: Iterable<WritableFile>,
  signal: AbortSignal,
  draft = path.join(path.dirname(out), `.${path.basename(out)}.${randomUUID()}`),
): Promise<{ name: string; size: number }[]> {
  const written: { name: string; size: number }[] = [];
  try {
    await mkdir(draft, { recursive: true });
    for (const file of files) {
      await writeParts(path.join(draft, file.name), file.parts(), signal);
      written.push({ name: file.name, size: file.size });
    }
    await mkdir(out, { recursive: true });
    for (const { name } of written) await rename(path.join(draft, name), path.join(out, name));
    return written;
  } catch (error) {
    throw outputError(error, out);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function writeParts(file: string, parts: Iterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    for (const part of parts) {
      if (signal.aborted) throw new AppError('CANCELLED', 'Stopped.');
      await handle.writeFile(part);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}
