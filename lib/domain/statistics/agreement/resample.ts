import type { Random } from '#lib/domain/random';
import { type Estimate, undefinedEstimate } from '../estimate';
import { wilsonInterval } from '../proportion';
import { quantile } from '../summary';

/** A statistic that can be computed again with every cluster (an item, or an annotator) counted so many times. */
export interface WeightedStatistic {
  /** Length of the weights. */
  readonly clusters: number;
  /** Independent units that it stands on. */
  readonly n: number;
  /** NaN where it is undefined with these weights. An array that was given is not changed later: what is made from it may be kept. */
  readonly at: (weights: Int32Array) => number;
  /** Why it is undefined where `at` is NaN for the data as they are. */
  readonly reason: string;
  /** A share from 0 to 1: where nothing differs between clusters its interval is Wilson's. */
  readonly share?: boolean;
}

export interface ResampleOptions {
  readonly random: Random;
  readonly resamples?: number;
  readonly level?: number;
}

/**
 * Percentile bootstrap over clusters (Efron 1979; for alpha as Hayes and Krippendorff 2007 and Zapf et al. 2016 draw items): one draw of
 * weights serves all statistics of a data set. Draws in which a statistic is undefined are left out; where that is more than half of
 * them, so is the interval.
 */
export function estimateAll<Name extends string>(
  statistics: Readonly<Record<Name, WeightedStatistic>>,
  options: ResampleOptions,
): Record<Name, Estimate> {
  const { random, resamples = 2000, level = 0.95 } = options;
  const names = Object.keys(statistics) as Name[];
  const clusters = names.length === 0 ? 0 : statistics[names[0] as Name].clusters;
  const ones = new Int32Array(clusters).fill(1);
  // two names may mean one statistic: it is computed once
  const open = [...new Set(names.map((name) => statistics[name]))].flatMap((statistic) => {
    if (statistic.clusters !== clusters) throw new RangeError(`one statistic has ${statistic.clusters} clusters, another ${clusters}`);
    const value = statistic.at(ones);
    return Number.isNaN(value) || statistic.n < 2 ? [] : [{ statistic, value, drawn: new Float64Array(resamples), defined: 0 }];
  });
  for (let draw = 0; open.length > 0 && draw < resamples; draw += 1) {
    const weights = new Int32Array(clusters);
    for (let each = 0; each < clusters; each += 1) {
      const chosen = random.integer(clusters);
      weights[chosen] = (weights[chosen] as number) + 1;
    }
    for (const entry of open) {
      const value = entry.statistic.at(weights);
      if (Number.isNaN(value)) continue;
      entry.drawn[entry.defined] = value;
      entry.defined += 1;
    }
  }
  const found = new Map(open.map((entry) => [entry.statistic, interval(entry, level)]));
  return Object.fromEntries(
    names.map((name) => {
      const { n, at, reason } = statistics[name];
      const why = () => (Number.isNaN(at(ones)) ? reason : 'an interval needs two items or more to compare');
      return [name, found.get(statistics[name]) ?? undefinedEstimate(why(), n)];
    }),
  ) as Record<Name, Estimate>;
}

interface Drawn {
  readonly statistic: WeightedStatistic;
  readonly value: number;
  readonly drawn: Float64Array;
  readonly defined: number;
}

function interval({ statistic, value, drawn, defined }: Drawn, level: number): Estimate {
  const { n } = statistic;
  if (defined * 2 < drawn.length) return undefinedEstimate('too few items differ for an interval', n);
  const tail = (1 - level) / 2;
  const kept = drawn.subarray(0, defined).sort();
  const [low, high] = [quantile(kept, tail), quantile(kept, 1 - tail)];
  // every item says the same: drawing them again cannot tell how far the next one would differ
  if (statistic.share && low === high && (value === 0 || value === 1)) {
    const wilson = wilsonInterval(value * n, n, level);
    return wilson.defined ? { ...wilson, low: Math.min(value, wilson.low), high: Math.max(value, wilson.high) } : wilson;
  }
  return { defined: true, value, low, high, n, level };
}

export function estimate(statistic: WeightedStatistic, options: ResampleOptions): Estimate {
  return estimateAll({ value: statistic }, options).value;
}
