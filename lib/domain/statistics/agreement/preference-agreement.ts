import { type ItemCounts, itemCounts, type LabelTable, ownBlocks } from './label-table';
import type { Pairs } from './observed';
import type { WeightedStatistic } from './resample';

/** Counts behind the agreement on preferences: `agree` of `comparable` pairs of labels, `ties` of `total` labels. */
export interface PreferenceCounts {
  readonly agree: number;
  readonly comparable: number;
  readonly ties: number;
  readonly total: number;
}

/** The same per cluster. */
export interface PreferenceTable {
  readonly clusters: number;
  readonly pairs: Pairs;
  readonly agree: Float64Array;
  readonly comparable: Float64Array;
  readonly ties: Float64Array;
  readonly total: Float64Array;
}

/**
 * Agreement on labels "first better", "second better" and a tie, as the Workshop on Machine Translation counts it (Bojar et al. 2016):
 * `all` compares all pairs of labels on an item, two of one annotator too; `own` those of one annotator only, and takes ties from the
 * (group, annotator) cells in which something was labelled twice.
 */
export function preferenceTable(
  table: LabelTable,
  tie: number,
  pairs: 'all' | 'own',
  counts: ItemCounts = itemCounts(table),
): PreferenceTable {
  const empty = () => new Float64Array(table.clusters);
  const found: PreferenceTable = { clusters: table.clusters, pairs, agree: empty(), comparable: empty(), ties: empty(), total: empty() };
  const add = (to: Float64Array, cluster: number, value: number) => {
    to[cluster] = (to[cluster] as number) + value;
  };
  const twice = pairs === 'own' ? cellsWithRepeats(table) : null;
  const cellOf = (item: number, at: number) =>
    (table.clusterOf[item] as number) * table.annotators.length + (table.annotator[at] as number);
  for (let item = 0; item < table.items; item += 1) {
    const cluster = table.clusterOf[item] as number;
    const labels = counts.labels[item] as number;
    add(found.agree, cluster, (pairs === 'own' ? counts.ownAgreeing[item] : counts.agreeing[item]) as number);
    add(found.comparable, cluster, pairs === 'own' ? (counts.ownPairs[item] as number) : (labels * (labels - 1)) / 2);
    for (let at = table.offsets[item] as number; at < (table.offsets[item + 1] as number); at += 1) {
      if (twice && !twice.has(cellOf(item, at))) continue;
      add(found.total, cluster, 1);
      if (table.category[at] === tie) add(found.ties, cluster, 1);
    }
  }
  return found;
}

function cellsWithRepeats(table: LabelTable): Set<number> {
  const cells = new Set<number>();
  for (let item = 0; item < table.items; item += 1)
    for (const [start] of ownBlocks(table, table.offsets[item] as number, table.offsets[item + 1] as number))
      cells.add((table.clusterOf[item] as number) * table.annotators.length + (table.annotator[start] as number));
  return cells;
}

export function preferenceCounts(table: PreferenceTable): PreferenceCounts {
  const sum = (values: Float64Array) => values.reduce((total, each) => total + each, 0);
  return { agree: sum(table.agree), comparable: sum(table.comparable), ties: sum(table.ties), total: sum(table.total) };
}

/** Agreement by chance: both tie, or both name the same side, either side equally likely. */
export function preferenceChance(ties: number, total: number): number {
  const tied = ties / total;
  return tied ** 2 + (1 - tied) ** 2 / 2;
}

/** (pA - pE) / (1 - pE). */
export function preferenceKappa(table: PreferenceTable): WeightedStatistic {
  const { agree, comparable, ties, total } = table;
  return {
    clusters: table.clusters,
    n: comparable.reduce((sum, each) => sum + (each > 0 ? 1 : 0), 0),
    at: (weights) => {
      let [equal, compared, tied, labels] = [0, 0, 0, 0];
      for (let cluster = 0; cluster < weights.length; cluster += 1) {
        const weight = weights[cluster] as number;
        if (weight === 0) continue;
        equal += weight * (agree[cluster] as number);
        compared += weight * (comparable[cluster] as number);
        tied += weight * (ties[cluster] as number);
        labels += weight * (total[cluster] as number);
      }
      if (compared === 0 || tied === labels) return Number.NaN;
      const chance = preferenceChance(tied, labels);
      return (equal / compared - chance) / (1 - chance);
    },
    reason: noKappa(table),
  };
}

function noKappa({ comparable, pairs }: PreferenceTable): string {
  if (comparable.some((each) => each > 0)) return 'no variation: every label is a tie';
  return pairs === 'own' ? 'no annotator labelled an item twice' : 'no item has two labels';
}
