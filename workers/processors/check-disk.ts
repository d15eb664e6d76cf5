import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';

const mebibyte = 2 ** 20;
const margin = 256 * mebibyte;

/** Before a run starts: is there room for what it will keep? @throws AppError DISK_FULL saying how much is missing */
export async function checkDisk(deps: Pick<Deps, 'blobs'>, needed: number): Promise<void> {
  const free = await deps.blobs.freeBytes();
  const wanted = needed + margin;
  if (free >= wanted) return;
  const inMebibytes = (bytes: number) => Math.ceil(bytes / mebibyte).toLocaleString('en-US');
  throw new AppError('DISK_FULL', `The run needs about ${inMebibytes(wanted)} MiB of disk; ${inMebibytes(free)} MiB are free.`, {
    details: { needed: wanted, free },
    remedy: 'Free some space where PLUMBLINE_HOME lies, then go on with the run.',
  });
}

/** Weights and two moments in float32 of what is trained, for the kept checkpoints and one being written, and the model itself. */
export function trainingBytes(parameterCounts: readonly number[]): number {
  const parameters = parameterCounts.reduce((sum, count) => sum + count, 0);
  return parameters * 4 * (3 * 4 + 1);
}
