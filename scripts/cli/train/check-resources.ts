import { stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '#lib/errors';
import { formatBytes } from '../terminal';
import type { PreparedRun } from './algorithm';

const floatBytes = 4;
/** Rows of metrics and samples. */
const marginBytes = 2 ** 20;

export interface Needs {
  /** Weights, gradients and both moments; what a batch takes comes on top. */
  readonly memoryBytes: number;
  /** Four checkpoints (the last two, the best, and one that is being written) and the model. */
  readonly diskBytes: number;
}

export function needsOf({ parameters: { frozen, trained } }: Pick<PreparedRun, 'parameters'>): Needs {
  // weights and two moments, and the weights of the best epoch
  const checkpoint = 4 * trained * floatBytes;
  return {
    memoryBytes: (4 * trained + frozen) * floatBytes,
    diskBytes: 4 * checkpoint + (trained + frozen) * floatBytes + marginBytes,
  };
}

/** Free bytes where `folder` is or will be. */
async function freeBytes(folder: string): Promise<number> {
  const there = await stat(folder).catch(() => undefined);
  if (!there && path.dirname(folder) !== folder) return freeBytes(path.dirname(folder));
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Before anything is begun. @throws AppError DISK_FULL, BAD_INPUT where the memory cannot hold what is trained */
export async function checkResources(needs: Needs, at: { readonly out: string; readonly memoryLimitBytes: number }): Promise<void> {
  const free = await freeBytes(at.out);
  if (free < needs.diskBytes) {
    throw new AppError(
      'DISK_FULL',
      `The run needs about ${formatBytes(needs.diskBytes)} of disk; ${formatBytes(free)} are free at ${at.out}.`,
      {
        details: { needed: needs.diskBytes, free },
        remedy: 'Free some space, or choose an --out on another disk.',
      },
    );
  }
  if (needs.memoryBytes <= at.memoryLimitBytes) return;
  throw new AppError(
    'BAD_INPUT',
    `Weights, gradients and moments take ${formatBytes(needs.memoryBytes)} of memory; this process may take ${formatBytes(at.memoryLimitBytes)}.`,
    {
      details: { needed: needs.memoryBytes, limit: at.memoryLimitBytes },
      remedy: 'Train an adapter (--set lora.rank=8), a smaller model, or raise PLUMBLINE_MEMORY_LIMIT.',
    },
  );
}
