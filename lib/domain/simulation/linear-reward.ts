import { choleskyFactor, choleskySolve } from '#lib/domain/statistics/comparisons/symmetric';

/** Comparisons of two answers by the difference of their features; a tie is half of each. */
export interface FeaturePairs {
  readonly dimension: number;
  /** `dimension` numbers a pair: features of the first less those of the second. */
  readonly differences: Float64Array;
  /** Weight of judgements for the first and for the second. */
  readonly wins: Float64Array;
  readonly losses: Float64Array;
}

/**
 * Bradley-Terry rewards that are linear in features, coefficients ~ N(0, deviation^2), by Newton's method over the first `count` pairs: the least reward
 * model there is, and one whose accuracy is known without a test set.
 */
export function fitLinearReward(pairs: FeaturePairs, count: number, deviation: number, start?: Float64Array): Float64Array {
  const d = pairs.dimension;
  let beta: Float64Array = start ? Float64Array.from(start) : new Float64Array(d);
  const precision = 1 / deviation ** 2;
  for (let round = 0; round < 30; round += 1) {
    const gradient = beta.map((value) => -precision * value);
    const information = new Float64Array(d * d);
    for (let pair = 0; pair < count; pair += 1) addPair(pairs, pair, beta, gradient, information);
    for (let row = 0; row < d; row += 1) {
      information[row * d + row] = (information[row * d + row] as number) + precision;
      for (let column = 0; column < row; column += 1) information[column * d + row] = information[row * d + column] as number;
    }
    const factor = choleskyFactor(information, d);
    if (!factor) throw new RangeError('the linear reward has no best coefficients');
    const step = choleskySolve(factor, d, gradient);
    beta = beta.map((value, at) => value + (step[at] as number));
    if (step.every((value) => Math.abs(value) < 1e-6)) break;
  }
  return beta;
}

function addPair(
  { differences, dimension: d, losses, wins }: FeaturePairs,
  pair: number,
  beta: Float64Array,
  gradient: Float64Array,
  information: Float64Array,
): void {
  const start = pair * d;
  const all = (wins[pair] as number) + (losses[pair] as number);
  if (all === 0) return;
  let z = 0;
  for (let at = 0; at < d; at += 1) z += (differences[start + at] as number) * (beta[at] as number);
  const p = 1 / (1 + Math.exp(-z));
  const pull = (wins[pair] as number) - all * p;
  const weight = all * p * (1 - p);
  for (let row = 0; row < d; row += 1) {
    const x = differences[start + row] as number;
    gradient[row] = (gradient[row] as number) + pull * x;
    const scaled = weight * x;
    // the lower triangle
    for (let column = 0; column <= row; column += 1) {
      information[row * d + column] = (information[row * d + column] as number) + scaled * (differences[start + column] as number);
    }
  }
}
