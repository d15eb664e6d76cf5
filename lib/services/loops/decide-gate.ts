import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import type { RoundStage, StageStatus } from '#lib/domain/loop';
import type { Deps } from '../deps';
import { advance } from './advance';
import { authoriseRound } from './authorise-loop';
import { finishRound } from './finish-round';
import { readGate } from './gate-by-rule';
import { lockRound } from './lock-round';
import { moveRound } from './move-round';

export const decideGateInput = z.strictObject({
  roundId: z.uuid(),
  /** override: train the policy all the same. more-labels: the next round asks about other prompts, from the same policy. stop: end the loop. */
  decision: z.enum(['override', 'more-labels', 'stop']),
  reason: z.string().trim().min(1, 'A reason is kept with the decision: write one.').max(4000),
});

/** A researcher's decision at the reward gate, with the numbers it stood on. @throws AppError CONFLICT where the round does not wait there. */
export async function decideGate(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof decideGateInput>,
): Promise<{ stage: RoundStage; status: StageStatus }> {
  const { roundId, decision, reason } = decideGateInput.parse(input);
  await authoriseRound(deps, actor, roundId, 'loop.operate');
  const at = deps.clock.now();
  const moved = await deps.db.$transaction(async (tx) => {
    const round = await lockRound(tx, roundId);
    const mover = { actorId: actorUserId(actor), byRule: false, reason, data: { ...(await readGate(tx, round)) } };
    if (decision === 'override') return advance(tx, await moveRound(tx, round, 'gateOverridden', mover, at), at);
    const outcome = decision === 'stop' ? 'STOPPED' : 'REJECTED';
    const done = await moveRound(tx, round, decision === 'stop' ? 'stopped' : 'moreLabels', mover, at, { outcome, finishedAt: at });
    await finishRound(tx, done, outcome, at);
    return done;
  });
  await deps.queues.wake();
  return { stage: moved.stage, status: moved.status };
}
