import { itemWeigher } from './annotator-weights';
import { comparableItems, type ItemCounts, itemCounts, type LabelTable, ownBlocks } from './label-table';
import { type Clustering, clustersWhere } from './observed';
import type { WeightedStatistic } from './resample';

export type Metric = 'nominal' | 'ordinal' | 'interval' | 'ratio';

/** A ratio scale compares every category with every other: so many make a table of 32 MB. */
const mostRatioCategories = 2000;

/**
 * Krippendorff's alpha (Krippendorff 2011, "Computing Krippendorff's alpha-reliability"): 1 - (n - 1) sum o d / sum n n' d, with the
 * coincidences o of an item counted 1 / (m - 1), items with one label left out, and d the squared difference of the level of measurement.
 * The ordinal difference is that of the mean ranks of two categories, so it is the interval one on mean ranks.
 */
export function krippendorffAlpha(
  table: LabelTable,
  metric: Metric,
  clustering: Clustering = 'item',
  counts: ItemCounts = itemCounts(table),
): WeightedStatistic {
  const byItem = clustering === 'item';
  const clusters = byItem ? table.clusters : table.annotators.length;
  const n = byItem ? clustersWhere(table, (item) => (counts.labels[item] as number) > 1) : clusters;
  const unfit = unfitFor(table, metric);
  if (unfit !== null) return { clusters, n, at: () => Number.NaN, reason: unfit };
  const reason = comparableItems(table) === 0 ? 'no item has two labels' : 'no variation: every label is the same';
  const scale = createScale(table, metric);
  const sums = byItem ? coincidencesByItem(table, counts, scale) : coincidencesByAnnotator(table, scale);
  return {
    clusters,
    n,
    at: (weights) => {
      const { marginals, observed } = sums(weights);
      const { expected, total, varies } = expectedDisagreement(marginals, scale);
      return varies ? 1 - ((total - 1) * observed) / expected : Number.NaN;
    },
    reason,
  };
}

function unfitFor(table: LabelTable, metric: Metric): string | null {
  if (metric === 'nominal' || table.categories.length === 0) return null;
  if (metric === 'ordinal') return table.ordered ? null : 'labels are texts without an order';
  if (table.values === null) return 'labels are texts, not numbers';
  if (metric === 'interval') return null;
  if (table.values.some((value) => value < 0)) return 'a ratio scale has no values below zero';
  return table.values.length > mostRatioCategories ? `more than ${mostRatioCategories} different values` : null;
}

interface Scale {
  readonly metric: Metric;
  readonly size: number;
  /** 0 .. size - 1. */
  readonly all: Int32Array;
  /** Interval and ordinal: where each category lies; ordinal: set anew from the marginals. */
  readonly place: Float64Array;
  /** Ratio: squared difference of categories c and k at c * size + k. */
  readonly ratio: Float64Array;
}

function createScale(table: LabelTable, metric: Metric): Scale {
  const size = table.categories.length;
  const values = table.values ?? new Float64Array(size);
  // far from zero squares would lose digits
  const place = Float64Array.from(values, (value) => value - (values[size >> 1] as number));
  const ratio = new Float64Array(metric === 'ratio' ? size * size : 0);
  for (let at = 0; at < ratio.length; at += 1) {
    const [c, k] = [values[Math.floor(at / size)] as number, values[at % size] as number];
    ratio[at] = c === k ? 0 : ((c - k) / (c + k)) ** 2;
  }
  return { metric, size, all: Int32Array.from(place.keys()), place, ratio };
}

/** Mean rank of each category among all labels that count. */
function placeByRank(marginals: Float64Array, place: Float64Array): void {
  let before = 0;
  for (let c = 0; c < marginals.length; c += 1) {
    const count = marginals[c] as number;
    place[c] = before + count / 2;
    before += count;
  }
  for (let c = 0; c < marginals.length; c += 1) place[c] = (place[c] as number) - before / 2;
}

/** Sum over ordered pairs of different labels, from how often each category occurs. */
function disagreement(scale: Scale, counts: Float64Array, categories: Int32Array, from: number, to: number, agreeing: number): number {
  let [total, sum, squares] = [0, 0, 0];
  if (scale.metric === 'ratio') {
    for (let i = from; i < to; i += 1)
      for (let j = i + 1; j < to; j += 1)
        sum +=
          (counts[i] as number) *
          (counts[j] as number) *
          (scale.ratio[(categories[i] as number) * scale.size + (categories[j] as number)] as number);
    return 2 * sum;
  }
  for (let i = from; i < to; i += 1) {
    const [count, at] = [counts[i] as number, scale.place[categories[i] as number] as number];
    total += count;
    sum += count * at;
    squares += count * at * at;
  }
  if (scale.metric === 'nominal') return total * (total - 1) - 2 * agreeing;
  return 2 * (total * squares - sum * sum);
}

interface Coincidences {
  readonly marginals: Float64Array;
  readonly observed: number;
}

function coincidencesByItem(table: LabelTable, counts: ItemCounts, scale: Scale): (weights: Int32Array) => Coincidences {
  const marginals = new Float64Array(scale.size);
  const ofItem = (item: number): number => {
    const [from, to] = [counts.offsets[item] as number, counts.offsets[item + 1] as number];
    const between = disagreement(scale, counts.count, counts.category, from, to, counts.agreeing[item] as number);
    return between / ((counts.labels[item] as number) - 1);
  };
  const comparable = Int32Array.from({ length: table.items }, (_, item) => item).filter((item) => (counts.labels[item] as number) > 1);
  const fixed = scale.metric === 'ordinal' ? null : Float64Array.from(comparable, ofItem);
  return (weights) => {
    marginals.fill(0);
    for (const item of comparable) {
      const weight = weights[table.clusterOf[item] as number] as number;
      if (weight === 0) continue;
      for (let at = counts.offsets[item] as number; at < (counts.offsets[item + 1] as number); at += 1) {
        const category = counts.category[at] as number;
        marginals[category] = (marginals[category] as number) + weight * (counts.count[at] as number);
      }
    }
    if (scale.metric === 'ordinal') placeByRank(marginals, scale.place);
    let observed = 0;
    for (let index = 0; index < comparable.length; index += 1) {
      const weight = weights[table.clusterOf[comparable[index] as number] as number] as number;
      if (weight > 0) observed += weight * (fixed ? (fixed[index] as number) : ofItem(comparable[index] as number));
    }
    return { marginals, observed };
  };
}

function coincidencesByAnnotator(table: LabelTable, scale: Scale): (weights: Int32Array) => Coincidences {
  const marginals = new Float64Array(scale.size);
  const { weigh, forget } = itemWeigher(table);
  const between = betweenAnnotators(table, scale);
  const { annotator, category, offsets } = table;
  // of each item: what a pair of its labels counts, 0 where it has none, and how much its pairs differ
  const [perPair, different] = [new Float64Array(table.items), new Float64Array(table.items)];
  return (weights) => {
    marginals.fill(0);
    for (let item = 0; item < table.items; item += 1) {
      const { pairs, total, agreeing } = weigh(item, weights);
      forget(item);
      perPair[item] = pairs === 0 ? 0 : total / (2 * pairs);
      different[item] = 2 * (pairs - agreeing);
      if (pairs === 0) continue;
      for (let at = offsets[item] as number; at < (offsets[item + 1] as number); at += 1) {
        const each = category[at] as number;
        marginals[each] = (marginals[each] as number) + (weights[annotator[at] as number] as number);
      }
    }
    if (scale.metric === 'ordinal') placeByRank(marginals, scale.place);
    let observed = 0;
    for (let item = 0; item < table.items; item += 1) {
      if (perPair[item] === 0) continue;
      observed += (perPair[item] as number) * (scale.metric === 'nominal' ? (different[item] as number) : between(item, weights));
    }
    return { marginals, observed };
  };
}

/** Sum over ordered pairs of an item's labels, each counted as often as its annotator; copies of one annotator are not compared. */
function betweenAnnotators(table: LabelTable, scale: Scale): (item: number, weights: Int32Array) => number {
  const { annotator, category, offsets } = table;
  const scratch = new Float64Array(category.length);
  const blocks = Array.from({ length: table.items }, (_, item) => ownBlocks(table, offsets[item] as number, offsets[item + 1] as number));
  return (item, weights) => {
    const [from, to] = [offsets[item] as number, offsets[item + 1] as number];
    for (let at = from; at < to; at += 1) scratch[at] = weights[annotator[at] as number] as number;
    let sum = disagreement(scale, scratch, category, from, to, 0);
    for (const [start, end] of blocks[item] as [number, number][]) {
      const weight = weights[annotator[start] as number] as number;
      scratch.fill(1, start, end);
      sum += (weight - weight * weight) * disagreement(scale, scratch, category, start, end, 0);
    }
    return sum;
  };
}

function expectedDisagreement(marginals: Float64Array, scale: Scale): { expected: number; total: number; varies: boolean } {
  let [total, different, agreeing] = [0, 0, 0];
  for (const count of marginals) {
    total += count;
    agreeing += (count * (count - 1)) / 2;
    if (count > 0) different += 1;
  }
  return { expected: disagreement(scale, marginals, scale.all, 0, marginals.length, agreeing), total, varies: different > 1 };
}
