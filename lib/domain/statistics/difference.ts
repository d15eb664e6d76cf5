import type { Random } from '#lib/domain/random';
import { studentQuantile } from './distribution';
import { type Estimate, undefinedEstimate } from './estimate';
import { mean, quantile, standardDeviation } from './summary';

function differences(after: readonly number[], before: readonly number[]): number[] {
  if (after.length !== before.length) throw new RangeError(`paired values differ in number: ${after.length} and ${before.length}`);
  return after.map((value, index) => value - (before[index] as number));
}

/** Mean of after - before over pairs with Student's t interval (Student 1908). One pair = one independent unit (a prompt). */
export function pairedDifference(after: readonly number[], before: readonly number[], level = 0.95): Estimate {
  const change = differences(after, before);
  if (change.length < 2) return undefinedEstimate('an interval needs two pairs or more', change.length);
  const value = mean(change);
  const half = (studentQuantile(0.5 + level / 2, change.length - 1) * standardDeviation(change)) / Math.sqrt(change.length);
  return { defined: true, value, low: value - half, high: value + half, n: change.length, level };
}

/** The same mean with a percentile bootstrap interval (Efron 1979): resamples pairs with replacement. */
export function pairedBootstrap(
  after: readonly number[],
  before: readonly number[],
  options: { readonly random: Random; readonly resamples?: number; readonly level?: number },
): Estimate {
  const { random, resamples = 2000, level = 0.95 } = options;
  const change = differences(after, before);
  if (change.length < 2) return undefinedEstimate('an interval needs two pairs or more', change.length);
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let draw = 0; draw < change.length; draw += 1) sum += change[random.integer(change.length)] as number;
    return sum / change.length;
  });
  const tail = (1 - level) / 2;
  return { defined: true, value: mean(change), low: quantile(means, tail), high: quantile(means, 1 - tail), n: change.length, level };
}
