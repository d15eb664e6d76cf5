import type { Tx } from '#lib/db/create-db';
import type { LockedRound } from './lock-round';
import { byRule, moveRound } from './move-round';
import { readWinRates } from './read-win-rates';

export interface Decision {
  readonly round: LockedRound;
  /** null: the round waits for a researcher. */
  readonly outcome: 'PROMOTED' | 'REJECTED' | null;
}

/**
 * The rule looks at the comparisons with the policy that a promotion would replace. Where it cannot say (no comparisons, or the loop
 * asks a person) the round waits.
 */
export async function decideByRule(tx: Tx, round: LockedRound, at: Date): Promise<Decision> {
  const { rule, threshold } = round.loop.config.decision;
  const rates = await readWinRates(tx, round);
  const data = { rule, threshold, against: 'previous', winRate: rates.previous, winRateAgainstReference: rates.reference };
  if (rule === 'ask' || !rates.previous.defined) {
    return { round: await moveRound(tx, round, 'decisionAsked', { ...byRule, data }, at), outcome: null };
  }
  const reached = (rule === 'win-rate-low' ? rates.previous.low : rates.previous.value) >= threshold;
  const outcome = reached ? 'PROMOTED' : 'REJECTED';
  const moved = await moveRound(tx, round, reached ? 'promoted' : 'rejected', { ...byRule, data }, at, { outcome, finishedAt: at });
  return { round: moved, outcome };
}
