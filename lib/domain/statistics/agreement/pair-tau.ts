import { mostTableCategories, type PairedLabels } from './paired-labels';
import { kendallTest } from './rank-correlation';
import type { WeightedStatistic } from './resample';

/** The test compares every item with every other. */
const mostItems = 5000;

/** Kendall's tau-b of two annotators over the items both labelled, from their table: each cell against all cells below it. */
export function pairTauB(pair: PairedLabels): WeightedStatistic {
  const { categories, cluster, counts, table } = pair;
  const unfit = table.ordered ? (counts ? null : `more than ${mostTableCategories} different labels`) : 'labels are texts without an order';
  return {
    clusters: table.clusters,
    n: new Set(cluster).size,
    at: (weights) => (unfit === null && counts ? tauBOfTable(counts(weights), categories.length) : Number.NaN),
    reason: unfit ?? (cluster.length === 0 ? 'the two share no item' : 'no variation: one gives every item the same label'),
  };
}

export function tauBOfTable(counts: Float64Array, size: number): number {
  const columns = new Float64Array(size);
  let [score, total, tiedX, tiedY] = [0, 0, 0, 0];
  for (let row = 0; row < size; row += 1) {
    // columns[c]: what lies in the rows above; a cell is concordant with those to the left, discordant with those to the right
    let [left, inRow] = [0, 0];
    const above = total;
    for (let column = 0; column < size; column += 1) {
      const [count, here] = [counts[row * size + column] as number, columns[column] as number];
      score += count * (left - (above - left - here));
      left += here;
      inRow += count;
    }
    for (let column = 0; column < size; column += 1)
      columns[column] = (columns[column] as number) + (counts[row * size + column] as number);
    tiedX += (inRow * (inRow - 1)) / 2;
    total += inRow;
  }
  for (const column of columns) tiedY += (column * (column - 1)) / 2;
  const pairs = (total * (total - 1)) / 2;
  return pairs === tiedX || pairs === tiedY ? Number.NaN : score / Math.sqrt((pairs - tiedX) * (pairs - tiedY));
}

/** That tau is 0; null where it is undefined, or there are too many items to compare each with each. */
export function pairTauTest(pair: PairedLabels): { tau: number; p: number } | null {
  if (!pair.table.ordered || pair.cluster.length > mostItems) return null;
  const found = kendallTest(pair.first, pair.second);
  return found && { tau: found.tau, p: found.p };
}
