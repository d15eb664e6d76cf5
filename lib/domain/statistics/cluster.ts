import type { Random } from '#lib/domain/random';
import { type Estimate, undefinedEstimate } from './estimate';
import { quantile } from './summary';

/** What one cluster (a prompt) adds to a ratio: for an accuracy, correct pairs over pairs. */
export interface Cluster {
  readonly numerator: number;
  readonly denominator: number;
}

/**
 * Sum of numerators over sum of denominators, with a percentile bootstrap over whole clusters: pairs of one prompt share its
 * answers, so treating them as independent would make the interval too narrow. `n` is the number of clusters.
 */
export function clusterBootstrap(
  clusters: readonly Cluster[],
  options: { readonly random: Random; readonly resamples?: number; readonly level?: number },
): Estimate {
  const { random, resamples = 2000, level = 0.95 } = options;
  const counted = clusters.filter((cluster) => cluster.denominator > 0);
  if (counted.length < 2) return undefinedEstimate('an interval needs two prompts or more with something to count', counted.length);
  const ratio = (pick: (index: number) => Cluster): number => {
    let numerator = 0;
    let denominator = 0;
    for (let index = 0; index < counted.length; index += 1) {
      const cluster = pick(index);
      numerator += cluster.numerator;
      denominator += cluster.denominator;
    }
    return numerator / denominator;
  };
  const value = ratio((index) => counted[index] as Cluster);
  const resampled = Float64Array.from({ length: resamples }, () => ratio(() => counted[random.integer(counted.length)] as Cluster));
  const tail = (1 - level) / 2;
  return { defined: true, value, low: quantile(resampled, tail), high: quantile(resampled, 1 - tail), n: counted.length, level };
}
