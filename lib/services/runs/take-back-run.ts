import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Deps } from '../deps';
import { byRule } from '../loops/move-round';
import { lockRun } from './lock-run';
import { settleRun } from './settle-run';

export type Taken = 'again' | 'given-up' | 'not-ours';

/**
 * Takes a run away from an attempt whose process is gone, and queues it again from its last checkpoint. Raises the epoch: should the process
 * wake up, it changes nothing. Given up where the last starts brought it no further.
 * @param attempt what the caller believes; where another attempt began meanwhile nothing happens
 */
export async function takeBackRun(
  deps: Pick<Deps, 'db' | 'clock' | 'config'>,
  input: { runId: string; attempt: number; why: string; silentSince?: Date },
): Promise<Taken> {
  const at = deps.clock.now();
  return deps.db.$transaction(async (tx): Promise<Taken> => {
    const { status } = await lockRun(tx, input.runId);
    const run = await tx.run.findUniqueOrThrow({
      where: { id: input.runId },
      select: { attempt: true, heartbeatAt: true, cancelRequested: true, pauseRequested: true },
    });
    if (run.attempt !== input.attempt || (status !== 'RUNNING' && status !== 'QUEUED')) return 'not-ours';
    if (input.silentSince && run.heartbeatAt && run.heartbeatAt > input.silentSince) return 'not-ours';
    if (run.cancelRequested || run.pauseRequested) {
      const asked = run.cancelRequested ? 'CANCELLED' : 'PAUSED';
      await settleRun(tx, input.runId, { status: asked, reason: null, reasonCode: null, resumable: true }, byRule, at);
      return 'given-up';
    }
    const { reached, ends } = await fruitlessEnds(tx, input.runId);
    if (ends >= deps.config.maxAttempts) {
      const reason = `The process of this run ended ${ends} times without getting further. The last time: ${input.why}`;
      await settleRun(tx, input.runId, { status: 'FAILED', reason, reasonCode: 'GIVEN_UP', resumable: true }, byRule, at);
      return 'given-up';
    }
    const next = await tx.run.update({
      where: { id: input.runId },
      data: { status: 'QUEUED', attempt: { increment: 1 }, epoch: { increment: 1 }, workerId: null, heartbeatAt: null },
      select: { epoch: true },
    });
    await tx.runEvent.create({
      data: { runId: input.runId, epoch: next.epoch, code: 'interrupted', data: { reached, why: input.why } },
    });
    await tx.outbox.updateMany({ where: { kind: 'run', subjectId: input.runId, doneAt: null }, data: { enqueuedAt: null } });
    return 'again';
  });
}

/** How often in a row, this end counted, the process ended at the checkpoint where the run stands now. A start that a person asked for counts anew. */
async function fruitlessEnds(tx: Tx, runId: string): Promise<{ reached: number; ends: number }> {
  const checkpoint = await tx.checkpoint.findFirst({ where: { runId }, orderBy: { step: 'desc' }, select: { step: true } });
  const reached = checkpoint?.step ?? 0;
  const events = await tx.runEvent.findMany({
    where: { runId, code: { in: ['interrupted', 'requeued'] } },
    orderBy: { at: 'desc' },
    take: 50,
    select: { code: true, data: true },
  });
  let ends = 1;
  for (const event of events) {
    if (event.code === 'requeued') break;
    if (z.object({ reached: z.number() }).catch({ reached: -1 }).parse(event.data).reached !== reached) break;
    ends += 1;
  }
  return { reached, ends };
}
