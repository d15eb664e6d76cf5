import type { Tx } from '#lib/db/create-db';
import type { Deps } from '../deps';
import type { Claim } from './fenced-write';

export interface ClaimedRun extends Claim {
  /** The step to go on from: that of the last checkpoint, 0 where there is none. */
  readonly fromStep: number;
}

/**
 * Takes a queued run, if `attempt` is still its attempt: raises the epoch in one conditional statement and, in the same transaction,
 * deletes metrics and samples after the last checkpoint's step, which this attempt will write again.
 * @returns null where the job is out of date (taken, ended or asked for again since): then there is nothing to do.
 */
export async function claimRun(deps: Pick<Deps, 'db' | 'clock'>, input: { runId: string; attempt: number }): Promise<ClaimedRun | null> {
  const now = deps.clock.now();
  return deps.db.$transaction(async (tx) => {
    const [row] = await tx.$queryRaw<{ epoch: number }[]>`
      update "Run"
      set "epoch" = "epoch" + 1, "status" = 'RUNNING', "heartbeatAt" = ${now}, "startedAt" = coalesce("startedAt", ${now}), "finishedAt" = null,
          "reason" = null, "reasonCode" = null
      where "id" = ${input.runId} and "attempt" = ${input.attempt} and "status" = 'QUEUED'
      returning "epoch"`;
    if (!row) return null;
    const fromStep = await resetToCheckpoint(tx, input.runId);
    await tx.runEvent.create({
      data: { runId: input.runId, epoch: row.epoch, code: 'started', data: { attempt: input.attempt, fromStep } },
    });
    return { runId: input.runId, epoch: row.epoch, fromStep };
  });
}

async function resetToCheckpoint(tx: Tx, runId: string): Promise<number> {
  const checkpoint = await tx.checkpoint.findFirst({
    where: { runId, prunedAt: null },
    orderBy: { step: 'desc' },
    select: { step: true },
  });
  const step = checkpoint?.step ?? 0;
  await tx.runMetric.deleteMany({ where: { runId, step: { gt: step } } });
  await tx.runSample.deleteMany({ where: { runId, step: { gt: step } } });
  await tx.run.update({ where: { id: runId }, data: { step } });
  return step;
}
