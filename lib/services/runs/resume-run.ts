import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { isAllowed } from '#lib/domain/loop';
import { isActive, type RunStatus } from '#lib/domain/runs';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { lockRound } from '../loops/lock-round';
import { moveRound } from '../loops/move-round';
import { authoriseRun } from './authorise-run';
import { lockRun } from './lock-run';
import { requeueRun } from './requeue-run';

export const resumeRunInput = z.strictObject({ runId: z.uuid() });

/** Goes on from the last checkpoint of a paused, failed or cancelled run, and takes its round along. */
export async function resumeRun(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof resumeRunInput>,
): Promise<{ status: RunStatus }> {
  const { runId } = resumeRunInput.parse(input);
  await authoriseRun(deps, actor, runId, 'run.operate');
  const at = deps.clock.now();
  await deps.db.$transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (isActive(run.status)) {
      await tx.run.update({ where: { id: runId }, data: { pauseRequested: false, cancelRequested: false } });
      return;
    }
    if (run.status === 'DONE') throw new AppError('CONFLICT', 'The run is done: there is nothing left to do.');
    if (!run.resumable) {
      throw new AppError('PRECONDITION', 'This run cannot go on: the same work would end the same way.', {
        remedy: 'Read its reason, then start a loop with another config.',
      });
    }
    if (run.roundId) {
      const round = await lockRound(tx, run.roundId);
      if (round.loop.status !== 'RUNNING') {
        throw new AppError('CONFLICT', `The loop of this run is ${round.loop.status.toLowerCase()}.`, {
          remedy: round.loop.status === 'PAUSED' ? 'Resume the loop: its run goes on with it.' : 'Make a new loop.',
        });
      }
      if (isAllowed('resumed', round)) await moveRound(tx, round, 'resumed', { actorId: actorUserId(actor) }, at);
    }
    await requeueRun(tx, runId);
  });
  await deps.queues.wake();
  return { status: 'QUEUED' };
}
