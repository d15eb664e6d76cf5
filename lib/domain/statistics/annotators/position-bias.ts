import { mcNemar } from '../agreement/marginal-homogeneity';
import { chiSquareTail, logGamma, normalCdf, normalQuantile } from '../distribution';
import { type Estimate, undefinedEstimate } from '../estimate';
import { binomialTest, wilsonInterval } from '../proportion';

/** Ranks of the answers in the order in which they were shown (1 = best, equal = tie, null = set aside). The order has to be random. */
type ShownRanks = readonly (number | null)[];

/** The same two answers judged by the same person in both orders. */
interface SwappedPair {
  readonly once: 'first' | 'second' | 'tie';
  /** What was said when they stood the other way round, in terms of that screen. */
  readonly swapped: 'first' | 'second' | 'tie';
}

interface PositionBias {
  /** At most `falseAlarms` of annotators without a bias are flagged. */
  readonly flagged: boolean;
  /** Which test flagged. */
  readonly because: 'first' | 'slots' | null;
  readonly p: number;
  /** Share of pairs (of all pairs with the answer shown first) that the answer shown first won, ties left out. */
  readonly firstShare: Estimate;
  /** log(share / (1 - share)): gamma in logit P(first) = strength difference + gamma, where strengths average out over random orders. */
  readonly logit: Estimate;
  /** Best answers by the place they were shown at, against equal shares, stratified by the number of answers. */
  readonly slots: { readonly chiSquare: number; readonly degreesOfFreedom: number; readonly p: number; readonly n: number } | null;
  /** Judgements that say something. */
  readonly n: number;
  /** Probability that a bias of the given first-position share would have been flagged with this many judgements of two answers. */
  readonly power: { readonly at60: number; readonly at70: number };
}

export type PositionBiasResult =
  | (PositionBias & { readonly defined: true })
  | { readonly defined: false; readonly reason: string; readonly n: number };

/**
 * Whether an annotator favours the place an answer is shown at. The first place is tested on all rankings: with two answers by the exact binomial
 * test, with more by the midrank of the answer shown first, whose mean and variance under random order are known. Where rankings have three answers or more,
 * a fifth of the false alarms is kept for the best answers by place.
 */
export function positionBias(
  judgements: readonly ShownRanks[],
  options: { readonly falseAlarms?: number; readonly level?: number } = {},
): PositionBiasResult {
  const { falseAlarms = 0.05, level = 0.95 } = options;
  const told = judgements.map(ranked).filter((each) => each.length > 1 && new Set(each.map(({ rank }) => rank)).size > 1);
  if (told.length === 0) return { defined: false, reason: 'no ranking prefers one answer to another', n: 0 };
  const many = told.some((each) => each.length > 2);
  const { all, share } = firstPairs(told);
  const first = many ? midrankTest(told) : binomialTest(share * all, all);
  const slots = slotTest(told);
  const forFirst = many ? 0.8 * falseAlarms : falseAlarms;
  const because = first <= forFirst ? 'first' : many && slots !== null && slots.p <= falseAlarms - forFirst ? 'slots' : null;
  return {
    defined: true,
    flagged: because !== null,
    because,
    p: first,
    firstShare: wilsonInterval(share * all, all, level),
    logit: logitOf(share * all, all, level),
    slots,
    n: told.length,
    power: { at60: positionBiasPower(0.6, told.length, falseAlarms), at70: positionBiasPower(0.7, told.length, falseAlarms) },
  };
}

interface Placed {
  readonly slot: number;
  readonly rank: number;
}

function ranked(shown: ShownRanks): Placed[] {
  return shown.flatMap((rank, slot) => (rank === null ? [] : [{ slot, rank }]));
}

/** Pairs with the first of the answers that were ranked. */
function firstPairs(told: readonly Placed[][]): { share: number; all: number } {
  let wins = 0;
  let all = 0;
  for (const [first, ...others] of told) {
    for (const { rank } of others) {
      if (rank === first?.rank) continue;
      all += 1;
      if (rank > (first as Placed).rank) wins += 1;
    }
  }
  return { share: all === 0 ? 0.5 : wins / all, all };
}

/** Two-sided p of the sum of midranks of the answers shown first; under random order each is a random one of its ranking's. */
function midrankTest(told: readonly Placed[][]): number {
  let surplus = 0;
  let variance = 0;
  for (const each of told) {
    const midranks = each.map(
      ({ rank }) => each.filter((other) => other.rank < rank).length + (each.filter((other) => other.rank === rank).length + 1) / 2,
    );
    const centre = (each.length + 1) / 2;
    surplus += (midranks[0] as number) - centre;
    variance += midranks.reduce((sum, midrank) => sum + (midrank - centre) ** 2, 0) / each.length;
  }
  return 2 * normalCdf(-Math.abs(surplus) / Math.sqrt(variance));
}

/** Chi-square of the best answer's place, within each number of answers; rankings with several best ones or with answers set aside say nothing. */
function slotTest(told: readonly Placed[][]): PositionBias['slots'] {
  const strata = new Map<number, number[]>();
  for (const each of told) {
    const best = each.filter(({ rank }) => rank === Math.min(...each.map((placed) => placed.rank)));
    if (best.length !== 1) continue;
    const counts = strata.get(each.length) ?? new Array<number>(each.length).fill(0);
    const slot = each.indexOf(best[0] as Placed);
    counts[slot] = (counts[slot] as number) + 1;
    strata.set(each.length, counts);
  }
  let chiSquare = 0;
  let degreesOfFreedom = 0;
  let n = 0;
  for (const [k, counts] of strata) {
    const all = counts.reduce((sum, count) => sum + count, 0);
    // fewer than five expected in a place are too few for the approximation
    if (all / k < 5) continue;
    chiSquare += counts.reduce((sum, count) => sum + (count - all / k) ** 2 / (all / k), 0);
    degreesOfFreedom += k - 1;
    n += all;
  }
  return degreesOfFreedom === 0 ? null : { chiSquare, degreesOfFreedom, p: chiSquareTail(chiSquare, degreesOfFreedom), n };
}

function logitOf(wins: number, all: number, level: number): Estimate {
  if (wins <= 0 || wins >= all)
    return undefinedEstimate(`the answer shown first won ${wins} of ${all} pairs: the logit is not finite`, all);
  const value = Math.log(wins / (all - wins));
  const half = normalQuantile(0.5 + level / 2) * Math.sqrt(1 / wins + 1 / (all - wins));
  return { defined: true, value, low: value - half, high: value + half, n: all, level };
}

/** Probability that the exact binomial test flags an annotator whose choices of two fall on the first place with probability `share`. */
export function positionBiasPower(share: number, labels: number, falseAlarms = 0.05): number {
  if (labels < 1) return 0;
  let power = 0;
  let tail = 0;
  // the test rejects as far below as above the middle, while both tails together are no likelier than asked
  for (let wins = 0; wins < labels / 2; wins += 1) {
    tail += binomialProbability(wins, labels, 0.5);
    if (2 * tail > falseAlarms) break;
    power += binomialProbability(wins, labels, share) + binomialProbability(labels - wins, labels, share);
  }
  return power;
}

function binomialProbability(k: number, n: number, p: number): number {
  return Math.exp(logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log(1 - p));
}

/** McNemar's test on swapped duplicates: who picked the first place both times against who picked the second both times. */
export function swappedBias(pairs: readonly SwappedPair[]) {
  const count = (place: 'first' | 'second') => pairs.filter(({ once, swapped }) => once === place && swapped === place).length;
  const [bothFirst, bothSecond] = [count('first'), count('second')];
  return { bothFirst, bothSecond, n: pairs.length, test: mcNemar(bothFirst, bothSecond) };
}
