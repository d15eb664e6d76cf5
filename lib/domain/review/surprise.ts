import { type Comparison, pairsOf } from '#lib/domain/comparison';

/** Calibrated scores of an answer, one for each member of the reward ensemble: sigmoid(a - b) is that member's probability that a is preferred to b. */
export type MemberScores = ReadonlyMap<string, readonly number[]>;

interface Opposition {
  /** What the person preferred, and what the ensemble prefers. */
  readonly chosen: string;
  readonly rejected: string;
  /** The ensemble's probability that `rejected` is the better one: the mean over its members. */
  readonly probability: number;
}

export interface Surprise {
  /** -log2 of the ensemble's probability of the person's verdict in its most surprising pair. */
  readonly bits: number;
  readonly strongest: Opposition;
}

function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** Mean over members of sigmoid(r_m(first) - r_m(second)); null where one of the two has no score. */
function preference(scores: MemberScores, first: string, second: string): number | null {
  const a = scores.get(first);
  const b = scores.get(second);
  if (a === undefined || b === undefined || a.length === 0 || a.length !== b.length) return null;
  return a.reduce((sum, score, member) => sum + sigmoid(score - (b[member] as number)), 0) / a.length;
}

/** What of a judgement surprises the reward ensemble most. Ties surprise it of nothing; null where no strict pair has scores. */
export function labelSurprise(comparison: Comparison, scores: MemberScores): Surprise | null {
  let strongest: Opposition | null = null;
  for (const { chosen, rejected } of pairsOf(comparison).strict) {
    const against = preference(scores, rejected, chosen);
    if (against === null || (strongest !== null && against <= strongest.probability)) continue;
    strongest = { chosen, rejected, probability: against };
  }
  if (strongest === null) return null;
  // The probability of the opposite may round to 1; 52 bits is what a double can tell.
  const bits = -Math.log2(Math.max(1 - strongest.probability, 2 ** -52));
  return { bits, strongest };
}
