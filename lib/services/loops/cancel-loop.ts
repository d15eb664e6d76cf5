import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { isAllowed, type StageStatus } from '#lib/domain/loop';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { completeOutbox } from '../outbox/complete-outbox';
import { settleRun } from '../runs/settle-run';
import { authoriseLoop } from './authorise-loop';
import { lockRound } from './lock-round';
import { moveRound } from './move-round';

export const cancelLoopInput = z.strictObject({ loopId: z.uuid(), reason: z.string().trim().max(4000).optional() });

/** Ends the loop for good. Its run stops at the next step, its open tasks are withdrawn; everything made so far stays. */
export async function cancelLoop(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof cancelLoopInput>,
): Promise<{ status: StageStatus }> {
  const { loopId, reason } = cancelLoopInput.parse(input);
  await authoriseLoop(deps, actor, loopId, 'loop.operate');
  const at = deps.clock.now();
  return deps.db.$transaction(async (tx) => {
    const mover = { actorId: actorUserId(actor), reason: reason ?? null };
    const latest = await tx.round.findFirst({ where: { loopId }, orderBy: { ordinal: 'desc' }, select: { id: true } });
    if (latest) {
      // Lock order as everywhere: tasks and slots, runs, then the round.
      await cancelTasks(tx, latest.id);
      const runs = await tx.$queryRaw<{ id: string; status: string }[]>`
        select "id", "status"::text as "status" from "Run" where "roundId" = ${latest.id} and "status" in ('QUEUED', 'RUNNING', 'PAUSED') for update`;
      const end = { status: 'CANCELLED', reason: 'The loop was cancelled.', reasonCode: 'CANCELLED', resumable: false } as const;
      // Settling raises the epoch: a worker that still works on the run is fenced off at its next write.
      for (const run of runs) await settleRun(tx, run.id, end, mover, at);
      const round = await lockRound(tx, latest.id);
      refuseEnded(round.loop.status);
      if (isAllowed('cancelled', round)) await moveRound(tx, round, 'cancelled', mover, at, { resumable: false, finishedAt: at });
      await completeOutbox(tx, 'advance-round', round.id, at);
      await completeOutbox(tx, 'freeze-snapshot', round.id, at);
    }
    await tx.loop.update({ where: { id: loopId }, data: { status: 'CANCELLED', reason: reason ?? null, finishedAt: at } });
    return { status: 'CANCELLED' };
  });
}

function refuseEnded(status: StageStatus): void {
  if (status === 'DONE') throw new AppError('CONFLICT', 'The loop is done already.');
}

async function cancelTasks(tx: Parameters<typeof settleRun>[0], roundId: string): Promise<void> {
  await tx.task.updateMany({ where: { roundId, status: 'OPEN' }, data: { status: 'CANCELLED' } });
  await tx.slot.updateMany({ where: { task: { roundId }, state: { in: ['FREE', 'LEASED'] } }, data: { state: 'CANCELLED' } });
}
