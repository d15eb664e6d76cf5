import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import type { RunStatus } from '#lib/domain/runs';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { authoriseRun } from './authorise-run';
import { lockRun } from './lock-run';
import { settleRun } from './settle-run';

export const cancelRunInput = z.strictObject({ runId: z.uuid() });

/** A waiting run ends at once, a running one after its step; its checkpoints stay, so `resumeRun` can go on. Twice is once. */
export async function cancelRun(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof cancelRunInput>,
): Promise<{ status: RunStatus }> {
  const { runId } = cancelRunInput.parse(input);
  await authoriseRun(deps, actor, runId, 'run.operate');
  const at = deps.clock.now();
  return deps.db.$transaction(async (tx): Promise<{ status: RunStatus }> => {
    const run = await lockRun(tx, runId);
    if (run.status === 'CANCELLED') return { status: run.status };
    if (run.status === 'DONE' || run.status === 'FAILED') {
      throw new AppError('CONFLICT', 'The run has ended already.', { details: { status: run.status } });
    }
    if (run.status === 'RUNNING') {
      await tx.run.update({ where: { id: runId }, data: { cancelRequested: true } });
      return { status: 'RUNNING' };
    }
    const end = { status: 'CANCELLED', reason: null, reasonCode: 'CANCELLED', resumable: true } as const;
    await settleRun(tx, runId, end, { actorId: actorUserId(actor) }, at);
    return { status: 'CANCELLED' };
  });
}
