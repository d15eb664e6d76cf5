import { logGamma } from '../distribution';

/** Beta(alpha, beta) of the probability that an annotator says what is so rather than the opposite. */
interface AnnotatorBelief {
  readonly alpha: number;
  readonly beta: number;
}

/** Normal belief about the log strength of an item. */
interface ItemBelief {
  readonly mean: number;
  readonly variance: number;
}

/** What is believed of who was never seen (Chen et al. 2013). */
export const crowdBtPrior = { annotator: { alpha: 10, beta: 1 }, item: { mean: 0, variance: 1 } } as const;

/** The least factor on a variance in one update. */
const least = 1e-4;

interface CrowdBtUpdate {
  readonly annotator: AnnotatorBelief;
  readonly winner: ItemBelief;
  readonly loser: ItemBelief;
  /** Probability, before, that the annotator would say so. */
  readonly probability: number;
}

/**
 * Beliefs after an annotator put `winner` over `loser`: the online moment matching of CrowdBT (Chen, Bennett, Collins-Thompson and Horvitz 2013),
 * P(i over j) = eta sigmoid(s_i - s_j) + (1 - eta) sigmoid(s_j - s_i). Depends on the order of judgements, as every online update does.
 */
export function crowdBtUpdate(annotator: AnnotatorBelief, winner: ItemBelief, loser: ItemBelief): CrowdBtUpdate {
  const { alpha, beta } = annotator;
  const p = 1 / (1 + Math.exp(loser.mean - winner.mean));
  const q = 1 - p;
  const right = p + 0.5 * (winner.variance + loser.variance) * p * q * (q - p);
  const wrong = 1 - right;
  const sum = alpha + beta;
  const probability = (right * alpha + wrong * beta) / sum;
  const first = (right * (alpha + 1) * alpha + wrong * alpha * beta) / (probability * (sum + 1) * sum);
  const second =
    (right * (alpha + 2) * (alpha + 1) * alpha + wrong * (alpha + 1) * alpha * beta) / (probability * (sum + 2) * (sum + 1) * sum);
  const spread = second - first * first;
  const mixed = (alpha * p) / (alpha * p + beta * q);
  const slope = mixed - p;
  const curve = mixed * (1 - mixed) - p * q;
  const narrowed = ({ variance }: ItemBelief) => variance * Math.max(1 + variance * curve, least);
  return {
    annotator: { alpha: ((first - second) * first) / spread, beta: ((first - second) * (1 - first)) / spread },
    winner: { mean: winner.mean + winner.variance * slope, variance: narrowed(winner) },
    loser: { mean: loser.mean - loser.variance * slope, variance: narrowed(loser) },
    probability,
  };
}

/** Nats that the answer of this annotator on this pair is expected to bring; what is learned of the annotator counts `gamma` as much. */
export function crowdBtGain(annotator: AnnotatorBelief, first: ItemBelief, second: ItemBelief, gamma = 0.1): number {
  const gain = (after: CrowdBtUpdate, winner: ItemBelief, loser: ItemBelief) =>
    after.probability *
    (normalDivergence(after.winner, winner) + normalDivergence(after.loser, loser) + gamma * betaDivergence(after.annotator, annotator));
  return gain(crowdBtUpdate(annotator, first, second), first, second) + gain(crowdBtUpdate(annotator, second, first), second, first);
}

function normalDivergence(after: ItemBelief, before: ItemBelief): number {
  const ratio = after.variance / before.variance;
  return (after.mean - before.mean) ** 2 / (2 * before.variance) + (ratio - 1 - Math.log(ratio)) / 2;
}

function betaDivergence(after: AnnotatorBelief, before: AnnotatorBelief): number {
  const logBeta = ({ alpha, beta }: AnnotatorBelief) => logGamma(alpha) + logGamma(beta) - logGamma(alpha + beta);
  const [alpha, beta] = [after.alpha - before.alpha, after.beta - before.beta];
  return (
    logBeta(before) -
    logBeta(after) +
    alpha * digamma(after.alpha) +
    beta * digamma(after.beta) -
    (alpha + beta) * digamma(after.alpha + after.beta)
  );
}

/** d log Gamma(x) / dx, x > 0: recurrence up to 10, then the asymptotic series (Abramowitz and Stegun 6.3.18; 14 digits). */
export function digamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < 10; at += 1) shift -= 1 / at;
  const inverse = 1 / (at * at);
  const series =
    inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse * (1 / 240 - inverse * (1 / 132 - (inverse * 691) / 32760)))));
  return shift + Math.log(at) - 1 / (2 * at) - series;
}
