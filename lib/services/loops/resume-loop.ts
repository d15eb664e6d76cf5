import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { isAllowed, type StageStatus } from '#lib/domain/loop';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { advance } from './advance';
import { authoriseLoop } from './authorise-loop';
import { lockRound } from './lock-round';
import { moveRound } from './move-round';

export const resumeLoopInput = z.strictObject({ loopId: z.uuid() });

/** Goes on where the loop was paused, where its run failed, or where its run was cancelled. A cancelled loop stays cancelled. */
export async function resumeLoop(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof resumeLoopInput>,
): Promise<{ status: StageStatus }> {
  const { loopId } = resumeLoopInput.parse(input);
  await authoriseLoop(deps, actor, loopId, 'loop.operate');
  const at = deps.clock.now();
  await deps.db.$transaction(async (tx) => {
    const latest = await tx.round.findFirst({ where: { loopId }, orderBy: { ordinal: 'desc' }, select: { id: true, resumable: true } });
    if (!latest) throw new AppError('CONFLICT', 'The loop has not been started yet.', { remedy: 'Start it.' });
    await tx.$queryRaw`select "id" from "Run" where "roundId" = ${latest.id} for update`;
    const round = await lockRound(tx, latest.id);
    if (round.loop.status === 'CANCELLED' || round.loop.status === 'DONE') {
      throw new AppError('CONFLICT', `The loop is ${round.loop.status === 'DONE' ? 'done' : 'cancelled'} and does not go on.`, {
        remedy: 'Make a new loop.',
      });
    }
    if (round.status === 'FAILED' && !latest.resumable) {
      throw new AppError('PRECONDITION', 'The round failed in a way that the same work cannot mend.', {
        remedy: 'Read the reason on the round, then make a loop with another config.',
      });
    }
    await tx.loop.update({ where: { id: loopId }, data: { status: 'RUNNING', reason: null } });
    await tx.run.updateMany({ where: { roundId: round.id, pauseRequested: true }, data: { pauseRequested: false } });
    const running = { ...round, loop: { ...round.loop, status: 'RUNNING' as const } };
    const name = isAllowed('resumedLabeling', round) ? 'resumedLabeling' : 'resumed';
    const moved = isAllowed(name, round) ? await moveRound(tx, running, name, { actorId: actorUserId(actor) }, at) : running;
    await advance(tx, moved, at);
  });
  await deps.queues.wake();
  return { status: 'RUNNING' };
}
