import { itemWeigher } from './annotator-weights';
import { comparableItems, type ItemCounts, itemCounts, type LabelTable } from './label-table';
import type { WeightedStatistic } from './resample';

export type Clustering = 'item' | 'annotator';

/** Which pairs of labels of an item are compared: all, those of two annotators, those of one annotator with themselves. */
export type Pairs = 'all' | 'between' | 'own';

const nothing: Readonly<Record<Pairs, string>> = {
  all: 'no item has two labels',
  between: 'no item has labels of two annotators',
  own: 'no annotator labelled an item twice',
};

/** Clusters in which at least one item satisfies the condition. */
export function clustersWhere(table: LabelTable, holds: (item: number) => boolean): number {
  const found = new Set<number>();
  for (let item = 0; item < table.items; item += 1) if (holds(item)) found.add(table.clusterOf[item] as number);
  return found.size;
}

/** Observed agreement: of all pairs of labels on one item, the share that is equal. */
export function observedAgreement(table: LabelTable, pairs: Pairs = 'all', counts: ItemCounts = itemCounts(table)): WeightedStatistic {
  const [agreeing, compared] = [new Float64Array(table.clusters), new Float64Array(table.clusters)];
  const take = (item: number): [number, number] => {
    const [equal, own] = [counts.agreeing[item] as number, counts.ownAgreeing[item] as number];
    const [all, ownAll] = [((counts.labels[item] as number) * ((counts.labels[item] as number) - 1)) / 2, counts.ownPairs[item] as number];
    if (pairs === 'own') return [own, ownAll];
    return pairs === 'all' ? [equal, all] : [equal - own, all - ownAll];
  };
  for (let item = 0; item < table.items; item += 1) {
    const cluster = table.clusterOf[item] as number;
    const [equal, all] = take(item);
    agreeing[cluster] = (agreeing[cluster] as number) + equal;
    compared[cluster] = (compared[cluster] as number) + all;
  }
  return ratioStatistic(agreeing, compared, nothing[pairs]);
}

/** A sum over clusters divided by another one: a share. */
export function ratioStatistic(numerator: Float64Array, denominator: Float64Array, reason: string): WeightedStatistic {
  return {
    clusters: numerator.length,
    n: denominator.reduce((sum, each) => sum + (each > 0 ? 1 : 0), 0),
    at: (weights) => {
      let [above, below] = [0, 0];
      for (let cluster = 0; cluster < weights.length; cluster += 1) {
        above += (weights[cluster] as number) * (numerator[cluster] as number);
        below += (weights[cluster] as number) * (denominator[cluster] as number);
      }
      return below === 0 ? Number.NaN : above / below;
    },
    reason,
    share: true,
  };
}

/** The same with annotators resampled in place of items. */
export function observedAgreementByAnnotator(table: LabelTable): WeightedStatistic {
  const { weigh, forget } = itemWeigher(table);
  return {
    clusters: table.annotators.length,
    n: table.annotators.length,
    at: (weights) => {
      let [agreeing, pairs] = [0, 0];
      for (let item = 0; item < table.items; item += 1) {
        const weighed = weigh(item, weights);
        agreeing += weighed.agreeing;
        pairs += weighed.pairs;
        forget(item);
      }
      return pairs === 0 ? Number.NaN : agreeing / pairs;
    },
    reason: nothing.all,
    share: true,
  };
}

/** Mean over items of the share of their pairs that is equal: every item counts once, however many labels it has (Fleiss's P). */
export function meanItemAgreement(table: LabelTable, counts: ItemCounts = itemCounts(table)): WeightedStatistic {
  const [shares, ones] = [new Float64Array(table.clusters), new Float64Array(table.clusters)];
  for (let item = 0; item < table.items; item += 1) {
    const labels = counts.labels[item] as number;
    if (labels < 2) continue;
    const cluster = table.clusterOf[item] as number;
    shares[cluster] = (shares[cluster] as number) + (2 * (counts.agreeing[item] as number)) / (labels * (labels - 1));
    ones[cluster] = (ones[cluster] as number) + 1;
  }
  return ratioStatistic(shares, ones, nothing.all);
}

/**
 * Share of the items with two labels or more on which all labels are equal: "percent agreement". With a tolerance numbers count as equal
 * where the highest and the lowest lie no further apart.
 */
export function unanimousAgreement(table: LabelTable, tolerance = 0): WeightedStatistic {
  const [equal, ones] = [new Float64Array(table.clusters), new Float64Array(table.clusters)];
  const values = table.values ?? (tolerance > 0 ? null : Float64Array.from(table.categories, (_, index) => index));
  for (let item = 0; values && item < table.items; item += 1) {
    const [from, to] = [table.offsets[item] as number, table.offsets[item + 1] as number];
    if (to - from < 2) continue;
    const cluster = table.clusterOf[item] as number;
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = from; at < to; at += 1) {
      const value = values[table.category[at] as number] as number;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    equal[cluster] = (equal[cluster] as number) + (high - low <= tolerance ? 1 : 0);
    ones[cluster] = (ones[cluster] as number) + 1;
  }
  return ratioStatistic(
    equal,
    ones,
    values === null && comparableItems(table) > 0 ? 'labels are texts: they have no distance' : nothing.all,
  );
}
