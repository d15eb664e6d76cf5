import type { Tx } from '#lib/db/create-db';
import { lockRound } from '../loops/lock-round';
import { type Mover, moveRound } from '../loops/move-round';
import { completeOutbox } from '../outbox/complete-outbox';

export interface RunEnd {
  readonly status: 'FAILED' | 'CANCELLED' | 'PAUSED';
  /** For the person who reads it; null where the status says all. */
  readonly reason: string | null;
  readonly reasonCode: string | null;
  readonly resumable: boolean;
}

const moves = { FAILED: 'failed', CANCELLED: 'cancelled', PAUSED: 'paused' } as const;

/**
 * Ends a run without a result, and takes its round along, in the caller's transaction. Raises the epoch, so that a process which still
 * works on the run is fenced off.
 */
export async function settleRun(tx: Tx, runId: string, end: RunEnd, mover: Mover, at: Date): Promise<void> {
  const run = await tx.run.update({
    where: { id: runId },
    data: {
      status: end.status,
      reason: end.reason,
      reasonCode: end.reasonCode,
      resumable: end.resumable,
      cancelRequested: false,
      pauseRequested: false,
      epoch: { increment: 1 },
      ...(end.status === 'PAUSED' ? {} : { finishedAt: at }),
    },
    select: { epoch: true, roundId: true, step: true },
  });
  await tx.runEvent.create({
    data: {
      runId,
      epoch: run.epoch,
      code: end.status.toLowerCase(),
      data: { step: run.step, reason: end.reason, reasonCode: end.reasonCode },
    },
  });
  await completeOutbox(tx, 'run', runId, at);
  if (!run.roundId) return;
  const round = await lockRound(tx, run.roundId);
  if (round.status !== 'RUNNING') return;
  await moveRound(tx, round, moves[end.status], mover, at, {
    reason: end.reason,
    reasonCode: end.reasonCode,
    resumable: end.resumable,
  });
}
