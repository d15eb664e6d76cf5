import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import type { StageStatus } from '#lib/domain/loop';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { settleRun } from '../runs/settle-run';
import { authoriseLoop } from './authorise-loop';
import { lockRound } from './lock-round';
import { moveRound } from './move-round';

export const pauseLoopInput = z.strictObject({ loopId: z.uuid(), reason: z.string().trim().max(4000).optional() });

/** Stops the loop after the step that runs now; people may finish what they hold. Goes on with `resumeLoop`. */
export async function pauseLoop(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof pauseLoopInput>,
): Promise<{ status: StageStatus }> {
  const { loopId, reason } = pauseLoopInput.parse(input);
  await authoriseLoop(deps, actor, loopId, 'loop.operate');
  const at = deps.clock.now();
  return deps.db.$transaction(async (tx) => {
    const mover = { actorId: actorUserId(actor), reason: reason ?? null };
    const latest = await tx.round.findFirst({ where: { loopId }, orderBy: { ordinal: 'desc' }, select: { id: true } });
    if (!latest) throw new AppError('CONFLICT', 'The loop has not been started yet.');
    // Runs are locked before rounds, as a worker that ends a run does.
    const runs = await tx.$queryRaw<{ id: string; status: string }[]>`
      select "id", "status"::text as "status" from "Run" where "roundId" = ${latest.id} and "status" in ('QUEUED', 'RUNNING') for update`;
    const round = await lockRound(tx, latest.id);
    if (round.loop.status === 'PAUSED') return { status: 'PAUSED' };
    if (round.loop.status !== 'RUNNING')
      throw new AppError('CONFLICT', 'Only a loop that runs can be paused.', { details: { status: round.loop.status } });
    await tx.loop.update({ where: { id: loopId }, data: { status: 'PAUSED', reason: reason ?? null } });
    for (const run of runs) {
      if (run.status === 'QUEUED')
        await settleRun(tx, run.id, { status: 'PAUSED', reason: null, reasonCode: null, resumable: true }, mover, at);
      else await tx.run.update({ where: { id: run.id }, data: { pauseRequested: true } });
    }
    if (runs.length === 0 && (round.status === 'RUNNING' || round.status === 'WAITING')) await moveRound(tx, round, 'paused', mover, at);
    return { status: 'PAUSED' };
  });
}
