import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '#lib/errors';

/**
 * A file that a command makes, whole or not at all: written beside itself first. Gives its size.
 * @throws AppError BAD_INPUT where it cannot be written, DISK_FULL
 */
export async function writeOutput(file: string, parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<number> {
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}`);
  let size = 0;
  try {
    const handle = await open(draft, 'wx');
    try {
      for await (const part of parts) {
        await handle.writeFile(part);
        size += part.length;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
    return size;
  } catch (error) {
    throw outputError(error, file);
  } finally {
    await rm(draft, { force: true });
  }
}

/** What the system says about writing, as an error for the person who named `target`. */
export function outputError(error: unknown, target: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('DISK_FULL', `There is no space left for ${target}.`, {
      details: { file: target },
      remedy: 'Free some space, then try again.',
      cause: error,
    });
  }
  if (code.startsWith('E') && !(error instanceof AppError)) {
    return new AppError('BAD_INPUT', `${target} cannot be written (${code}).`, {
      details: { file: target },
      remedy: 'Choose an --out that this user may write to.',
      cause: error,
    });
  }
  return error;
}
