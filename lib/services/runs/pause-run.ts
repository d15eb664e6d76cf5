import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import type { RunStatus } from '#lib/domain/runs';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { authoriseRun } from './authorise-run';
import { lockRun } from './lock-run';
import { settleRun } from './settle-run';

export const pauseRunInput = z.strictObject({ runId: z.uuid() });

/** A waiting run pauses at once, a running one after its step. It goes on from its last checkpoint. Twice is once. */
export async function pauseRun(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof pauseRunInput>,
): Promise<{ status: RunStatus }> {
  const { runId } = pauseRunInput.parse(input);
  await authoriseRun(deps, actor, runId, 'run.operate');
  const at = deps.clock.now();
  return deps.db.$transaction(async (tx): Promise<{ status: RunStatus }> => {
    const run = await lockRun(tx, runId);
    if (run.status === 'PAUSED') return { status: run.status };
    if (run.status === 'RUNNING') {
      await tx.run.update({ where: { id: runId }, data: { pauseRequested: true } });
      return { status: 'RUNNING' };
    }
    if (run.status !== 'QUEUED') throw new AppError('CONFLICT', 'The run has ended already.', { details: { status: run.status } });
    await settleRun(tx, runId, { status: 'PAUSED', reason: null, reasonCode: null, resumable: true }, { actorId: actorUserId(actor) }, at);
    return { status: 'PAUSED' };
  });
}
