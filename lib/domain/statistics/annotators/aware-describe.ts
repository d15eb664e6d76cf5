import { normalCdf } from '../distribution';
import type { Estimate } from '../estimate';
import { sigmoid, type TermKind, type TermValues, termKinds } from './aware-model';
import type { SpreadPoint } from './aware-spread';

export interface DescribedTerms {
  /** eta: the probability to say what strengths say rather than the opposite. */
  readonly accuracy: Estimate | null;
  /** tau: how sharply answers are told apart. */
  readonly temperature: Estimate | null;
  /** gamma: what the first place is worth in log strength. */
  readonly position: Estimate | null;
  /** lambda: what one unit of length more is worth. */
  readonly length: Estimate | null;
  /**
   * Probability that two items of the fitted spread come out right, place and length aside. Where items belong to one task each, this is what the data tell:
   * low accuracy with far strengths looks much like high accuracy with near ones, and only the interval of `accuracy` widens.
   */
  readonly right: Estimate;
}

interface Known {
  readonly judgements: number;
  /** Places in `termKinds` of what is learned. */
  readonly learned: readonly number[];
  readonly level: number;
}

interface Normal {
  readonly mean: number;
  readonly variance: number;
  readonly weight: number;
}

/** What is known of one annotator: at each spread a normal, over the spreads their mixture, told by its median and quantiles. */
export function describeAnnotator(
  points: readonly SpreadPoint[],
  annotator: number,
  { judgements, learned, level }: Known,
): DescribedTerms {
  const m = learned.length;
  const told = (
    of: (terms: TermValues, covariance: Float64Array, spread: number) => Omit<Normal, 'weight'>,
    shown: (free: number) => number,
  ) => {
    const mixture = points.map(({ covariances, spread, terms, weight }) => ({
      ...of(terms[annotator] as TermValues, covariances[annotator] as Float64Array, spread),
      weight,
    }));
    const at = (probability: number) => shown(mixtureQuantile(mixture, probability));
    return { defined: true, value: at(0.5), low: at((1 - level) / 2), high: at((1 + level) / 2), n: judgements, level } as const;
  };
  const term = (kind: TermKind, shown: (free: number) => number): Estimate | null => {
    const place = termKinds.indexOf(kind);
    const row = learned.indexOf(place);
    if (row < 0) return null;
    return told((terms, covariance) => ({ mean: terms[place] as number, variance: covariance[row * m + row] as number }), shown);
  };
  return {
    accuracy: term('accuracy', sigmoid),
    temperature: term('temperature', Math.exp),
    position: term('position', (value) => value),
    length: term('length', (value) => value),
    right: told((terms, covariance, spread) => logitOfRight(terms, covariance, spread, learned), sigmoid),
  };
}

/** logit of `right` at a spread, with the variance that the terms' covariance gives it. */
function logitOfRight(terms: TermValues, covariance: Float64Array, spread: number, learned: readonly number[]): Omit<Normal, 'weight'> {
  const mean = rightLogit(terms, spread, learned.includes(0));
  const slopes = learned.map((at) => {
    const moved = Float64Array.from(terms);
    moved[at] = (moved[at] as number) + 1e-4;
    return (rightLogit(moved, spread, learned.includes(0)) - mean) / 1e-4;
  });
  let variance = 0;
  slopes.forEach((a, row) => {
    slopes.forEach((b, column) => {
      if (a !== 0 && b !== 0) variance += a * b * (covariance[row * slopes.length + column] as number);
    });
  });
  return { mean, variance: Math.max(variance, 0) };
}

/** logit of E[eta sigmoid(tau |D|) + (1 - eta) sigmoid(-tau |D|)], D ~ N(0, 2 spread^2). */
function rightLogit(terms: TermValues, spread: number, knowsAccuracy: boolean): number {
  const eta = knowsAccuracy ? sigmoid(terms[0] as number) : 1;
  const sharpness = Math.exp(terms[1] as number) * Math.SQRT2 * spread;
  let sum = 0;
  let mass = 0;
  for (let z = 0.01; z < 6; z += 0.02) {
    const density = Math.exp((-z * z) / 2);
    sum += density * sigmoid(sharpness * z);
    mass += density;
  }
  const right = 1 - eta + (2 * eta - 1) * (sum / mass);
  return Math.log(right / (1 - right));
}

/** The value below which a mixture of normals lies with this probability, by bisection. */
function mixtureQuantile(mixture: readonly Normal[], probability: number): number {
  const below = (value: number) =>
    mixture.reduce((sum, { mean, variance, weight }) => {
      if (variance === 0) return sum + (mean <= value ? weight : 0);
      return sum + weight * normalCdf((value - mean) / Math.sqrt(variance));
    }, 0);
  const widest = Math.sqrt(Math.max(...mixture.map(({ variance }) => variance)));
  if (!Number.isFinite(widest)) return probability === 0.5 ? averageOf(mixture) : (probability - 0.5) * Number.POSITIVE_INFINITY;
  let low = Math.min(...mixture.map(({ mean }) => mean)) - 40 * widest - 1e-9;
  let high = Math.max(...mixture.map(({ mean }) => mean)) + 40 * widest + 1e-9;
  for (let round = 0; round < 80; round += 1) {
    const middle = (low + high) / 2;
    if (below(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function averageOf(mixture: readonly Normal[]): number {
  return mixture.reduce((sum, { mean, weight }) => sum + weight * mean, 0);
}
