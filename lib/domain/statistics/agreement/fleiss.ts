import { normalCdf } from '../distribution';
import { itemWeigher } from './annotator-weights';
import { type CompleteTable, completeClusters, incompleteBecause } from './complete-table';
import { comparableItems, type ItemCounts, itemCounts, type LabelTable } from './label-table';
import { type Clustering, clustersWhere } from './observed';
import type { WeightedStatistic } from './resample';

const noVariation = 'no variation: every label is the same';

function reasonOf(table: LabelTable): string {
  return comparableItems(table) === 0 ? 'no item has two labels' : noVariation;
}

function chanceCorrected(observed: number, expected: number): number {
  return expected >= 1 - 1e-15 ? Number.NaN : (observed - expected) / (1 - expected);
}

/**
 * Fleiss's kappa (Fleiss 1971): mean over items of the share of equal pairs, corrected by the squared shares of the categories. Where
 * items have unequal numbers of labels: shares of categories are means over items, items with one label count in them only (Gwet 2014,
 * Handbook of Inter-Rater Reliability, chapter 2).
 */
export function fleissKappa(table: LabelTable, clustering: Clustering = 'item', counts: ItemCounts = itemCounts(table)): WeightedStatistic {
  return clustering === 'item' ? fleissByItem(table, counts) : fleissByAnnotator(table);
}

function fleissByItem(table: LabelTable, counts: ItemCounts): WeightedStatistic {
  const shares = new Float64Array(table.categories.length);
  return {
    clusters: table.clusters,
    n: clustersWhere(table, (item) => (counts.labels[item] as number) > 1),
    at: (weights) => {
      shares.fill(0);
      let [observed, comparable, items] = [0, 0, 0];
      for (let item = 0; item < table.items; item += 1) {
        const weight = weights[table.clusterOf[item] as number] as number;
        if (weight === 0) continue;
        const labels = counts.labels[item] as number;
        for (let at = counts.offsets[item] as number; at < (counts.offsets[item + 1] as number); at += 1) {
          const category = counts.category[at] as number;
          shares[category] = (shares[category] as number) + (weight * (counts.count[at] as number)) / labels;
        }
        items += weight;
        if (labels < 2) continue;
        observed += (2 * weight * (counts.agreeing[item] as number)) / (labels * (labels - 1));
        comparable += weight;
      }
      return comparable === 0 ? Number.NaN : chanceCorrected(observed / comparable, squares(shares, items));
    },
    reason: reasonOf(table),
  };
}

function fleissByAnnotator(table: LabelTable): WeightedStatistic {
  const shares = new Float64Array(table.categories.length);
  const { weigh, forget } = itemWeigher(table);
  return {
    clusters: table.annotators.length,
    n: table.annotators.length,
    at: (weights) => {
      shares.fill(0);
      let [observed, comparable, items] = [0, 0, 0];
      for (let item = 0; item < table.items; item += 1) {
        const { total, pairs, agreeing } = weigh(item, weights);
        forget(item);
        if (total === 0) continue;
        for (let at = table.offsets[item] as number; at < (table.offsets[item + 1] as number); at += 1) {
          const category = table.category[at] as number;
          shares[category] = (shares[category] as number) + (weights[table.annotator[at] as number] as number) / total;
        }
        items += 1;
        if (pairs === 0) continue;
        observed += agreeing / pairs;
        comparable += 1;
      }
      return comparable === 0 ? Number.NaN : chanceCorrected(observed / comparable, squares(shares, items));
    },
    reason: reasonOf(table),
  };
}

function squares(shares: Float64Array, items: number): number {
  let sum = 0;
  for (const share of shares) sum += (share / items) ** 2;
  return sum;
}

/** Fleiss's kappa of one category against all others. */
export function fleissKappaOf(table: LabelTable, category: number, counts: ItemCounts = itemCounts(table)): WeightedStatistic {
  const inside = new Float64Array(table.items);
  for (let item = 0; item < table.items; item += 1)
    for (let at = counts.offsets[item] as number; at < (counts.offsets[item + 1] as number); at += 1)
      if (counts.category[at] === category) inside[item] = counts.count[at] as number;
  return {
    clusters: table.clusters,
    n: clustersWhere(table, (item) => (counts.labels[item] as number) > 1),
    at: (weights) => {
      let [observed, comparable, items, share] = [0, 0, 0, 0];
      for (let item = 0; item < table.items; item += 1) {
        const weight = weights[table.clusterOf[item] as number] as number;
        const [labels, own] = [counts.labels[item] as number, inside[item] as number];
        items += weight;
        share += (weight * own) / labels;
        if (labels < 2) continue;
        observed += weight * (1 - (2 * own * (labels - own)) / (labels * (labels - 1)));
        comparable += weight;
      }
      share /= items;
      return comparable === 0 ? Number.NaN : chanceCorrected(observed / comparable, share ** 2 + (1 - share) ** 2);
    },
    reason: reasonOf(table),
  };
}

/** The exact kappa of Conger (1980): chance agreement from each annotator's own shares. From items that every annotator labelled. */
export function congerKappa(complete: CompleteTable): WeightedStatistic {
  const { table, raters, rows } = complete;
  const unfit = incompleteBecause(complete);
  if (unfit !== null) return { clusters: table.clusters, n: completeClusters(complete), at: () => Number.NaN, reason: unfit };
  const size = table.categories.length;
  const marginals = new Float64Array(raters * size);
  const counts = new Float64Array(size);
  return {
    clusters: table.clusters,
    n: completeClusters(complete),
    at: (weights) => {
      marginals.fill(0);
      let [observed, items] = [0, 0];
      for (let row = 0; row < rows; row += 1) {
        const weight = weights[table.clusterOf[complete.item[row] as number] as number] as number;
        if (weight === 0) continue;
        for (let rater = 0; rater < raters; rater += 1) {
          const category = complete.category[row * raters + rater] as number;
          observed += weight * (counts[category] as number);
          counts[category] = (counts[category] as number) + 1;
          marginals[rater * size + category] = (marginals[rater * size + category] as number) + weight;
        }
        for (let rater = 0; rater < raters; rater += 1) counts[complete.category[row * raters + rater] as number] = 0;
        items += weight;
      }
      if (items === 0) return Number.NaN;
      return chanceCorrected(observed / (items * ((raters * (raters - 1)) / 2)), congerChance(marginals, raters, size, items));
    },
    reason: noVariation,
  };
}

/** Mean over pairs of annotators of the product of their shares. */
function congerChance(marginals: Float64Array, raters: number, size: number, items: number): number {
  let chance = 0;
  for (let category = 0; category < size; category += 1) {
    let [sum, sumOfSquares] = [0, 0];
    for (let rater = 0; rater < raters; rater += 1) {
      const share = (marginals[rater * size + category] as number) / items;
      sum += share;
      sumOfSquares += share * share;
    }
    chance += (sum * sum - sumOfSquares) / (raters * (raters - 1));
  }
  return chance;
}

export interface KappaTest {
  readonly z: number;
  readonly p: number;
}

/**
 * Fleiss's test that kappa is 0, of all categories together and of each (Fleiss, Nee and Landis 1979). Null where items have different
 * numbers of labels, or nothing varies.
 */
export function fleissTest(
  table: LabelTable,
  counts: ItemCounts = itemCounts(table),
): { overall: KappaTest; categories: (KappaTest & { kappa: number })[] } | null {
  const raters = counts.labels[0] ?? 0;
  if (raters < 2 || counts.labels.some((labels) => labels !== raters) || table.categories.length < 2) return null;
  const [sums, agreeing] = [new Float64Array(table.categories.length), new Float64Array(table.categories.length)];
  for (const [at, category] of counts.category.entries()) {
    const count = counts.count[at] as number;
    sums[category] = (sums[category] as number) + count;
    agreeing[category] = (agreeing[category] as number) + count * (count - 1);
  }
  const labels = table.items * raters;
  const shares = sums.map((sum) => sum / labels);
  const variances = shares.map((share) => share * (1 - share));
  const total = variances.reduce((sum, each) => sum + each, 0);
  const skew = shares.reduce((sum, share, at) => sum + (variances[at] as number) * (1 - 2 * share), 0);
  const pairs = labels * (raters - 1);
  const observed = agreeing.reduce((sum, each) => sum + each, 0) / pairs;
  const test = (kappa: number, variance: number): KappaTest => {
    const z = kappa / Math.sqrt(variance);
    return { z, p: 2 * normalCdf(-Math.abs(z)) };
  };
  return {
    overall: test((observed - (1 - total)) / total, (2 * (total ** 2 - skew)) / (total ** 2 * pairs)),
    categories: Array.from(shares, (share, at) => {
      const kappa = ((agreeing[at] as number) / ((sums[at] as number) * (raters - 1)) - share) / (1 - share);
      return { kappa, ...test(kappa, 2 / pairs) };
    }),
  };
}
