import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import type { Deps } from '../deps';
import { authoriseRound } from './authorise-loop';
import { finishRound } from './finish-round';
import { lockRound } from './lock-round';
import { moveRound } from './move-round';
import { readWinRates } from './read-win-rates';

export const decideRoundInput = z.strictObject({
  roundId: z.uuid(),
  decision: z.enum(['promote', 'reject']),
  reason: z.string().trim().min(1, 'A reason is kept with the decision: write one.').max(4000),
  /** End the loop after this round. */
  stop: z.boolean().default(false),
});

/** A researcher's decision over the trained policy. @throws AppError CONFLICT where the round does not wait for it. */
export async function decideRound(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof decideRoundInput>,
): Promise<{ outcome: 'PROMOTED' | 'REJECTED' }> {
  const { roundId, decision, reason, stop } = decideRoundInput.parse(input);
  await authoriseRound(deps, actor, roundId, 'loop.operate');
  const at = deps.clock.now();
  const outcome = decision === 'promote' ? 'PROMOTED' : 'REJECTED';
  await deps.db.$transaction(async (tx) => {
    const round = await lockRound(tx, roundId);
    const rates = await readWinRates(tx, round);
    const data = { against: 'previous', winRate: rates.previous, winRateAgainstReference: rates.reference, stop };
    const mover = { actorId: actorUserId(actor), byRule: false, reason, data };
    const done = await moveRound(tx, round, decision === 'promote' ? 'promoted' : 'rejected', mover, at, { outcome, finishedAt: at });
    await finishRound(tx, done, outcome, at, stop);
  });
  await deps.queues.wake();
  return { outcome };
}
