import { normalCdf } from '../distribution';
import { type CompleteTable, completeClusters, incompleteBecause } from './complete-table';
import type { KappaTest } from './fleiss';
import { crossTable, type PairedLabels, pairOf } from './paired-labels';
import type { WeightedStatistic } from './resample';

/** How far apart two categories count: all alike, by their distance in the order, or by its square. */
export type KappaWeights = 'none' | 'linear' | 'quadratic';

/** 1 - sum w o / sum w e of a square table, row by row; NaN where both annotators use one and the same category. */
export function cohenKappaOfTable(counts: Float64Array, size: number, weights: KappaWeights): number {
  const [rows, columns] = [new Float64Array(size), new Float64Array(size)];
  let [observed, total] = [0, 0];
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      const count = counts[row * size + column] as number;
      rows[row] = (rows[row] as number) + count;
      columns[column] = (columns[column] as number) + count;
      observed += count * distance(row, column, weights);
      total += count;
    }
  return kappaFrom(observed, expectedDistance(rows, columns, total, weights), total);
}

function kappaFrom(observed: number, expected: number, total: number): number {
  return expected <= 0 ? Number.NaN : 1 - (total * observed) / expected;
}

/** Sum over rows and columns of count * count * distance, in one pass over the categories. */
function expectedDistance(rows: Float64Array, columns: Float64Array, total: number, weights: KappaWeights): number {
  let [same, between, ofRows, ofColumns] = [0, 0, 0, 0];
  let [rowSum, columnSum, rowSquares, columnSquares] = [0, 0, 0, 0];
  for (let at = 0; at < rows.length; at += 1) {
    const [row, column] = [rows[at] as number, columns[at] as number];
    // how many lie on either side of the step from this category to the next
    ofRows += row;
    ofColumns += column;
    between += ofRows * (total - ofColumns) + ofColumns * (total - ofRows);
    same += row * column;
    rowSum += row * at;
    columnSum += column * at;
    rowSquares += row * at * at;
    columnSquares += column * at * at;
  }
  if (weights === 'none') return total * total - same;
  return weights === 'linear' ? between : total * (rowSquares + columnSquares) - 2 * rowSum * columnSum;
}

function distance(row: number, column: number, weights: KappaWeights): number {
  if (row === column) return 0;
  if (weights === 'none') return 1;
  return weights === 'linear' ? Math.abs(row - column) : (row - column) ** 2;
}

/** Kappa with every cluster counted so many times; there may be as many categories as items, then without a table. */
function pairKappa({ categories, cluster, counts, first, second }: PairedLabels, weights: KappaWeights): (each: Int32Array) => number {
  if (counts) return (each) => cohenKappaOfTable(counts(each), categories.length, weights);
  const [rows, columns] = [new Float64Array(categories.length), new Float64Array(categories.length)];
  return (each) => {
    rows.fill(0);
    columns.fill(0);
    let [observed, total] = [0, 0];
    for (let at = 0; at < cluster.length; at += 1) {
      const weight = each[cluster[at] as number] as number;
      const [row, column] = [first[at] as number, second[at] as number];
      rows[row] = (rows[row] as number) + weight;
      columns[column] = (columns[column] as number) + weight;
      observed += weight * distance(row, column, weights);
      total += weight;
    }
    return kappaFrom(observed, expectedDistance(rows, columns, total, weights), total);
  };
}

/** Cohen's kappa of two annotators (Cohen 1960; weighted: Cohen 1968), on the items that both labelled. */
export function cohenKappa(pair: PairedLabels, weights: KappaWeights = 'none'): WeightedStatistic {
  const unordered = weights !== 'none' && !pair.table.ordered;
  return {
    clusters: pair.table.clusters,
    n: new Set(pair.cluster).size,
    at: unordered ? () => Number.NaN : pairKappa(pair, weights),
    reason: unordered
      ? 'labels are texts without an order'
      : pair.cluster.length === 0
        ? 'the two share no item'
        : 'no variation: both give every item the same label',
  };
}

/** That kappa is 0 (Fleiss, Cohen and Everitt 1969). Null where kappa is undefined, or for too many categories. */
export function cohenTest(pair: PairedLabels, weights: KappaWeights = 'none'): KappaTest | null {
  const [counts, size, n] = [crossTable(pair), pair.categories.length, pair.cluster.length];
  const kappa = counts ? cohenKappaOfTable(counts, size, weights) : Number.NaN;
  if (counts === null || Number.isNaN(kappa)) return null;
  const furthest = distance(0, size - 1, weights);
  const similarity = (row: number, column: number) => 1 - distance(row, column, weights) / furthest;
  const [rows, columns] = [new Float64Array(size), new Float64Array(size)];
  for (const [at, count] of counts.entries()) {
    rows[Math.floor(at / size)] = (rows[Math.floor(at / size)] as number) + count / n;
    columns[at % size] = (columns[at % size] as number) + count / n;
  }
  const meanOf = (shares: Float64Array, other: number) => shares.reduce((sum, share, at) => sum + share * similarity(at, other), 0);
  const [ofRow, ofColumn] = [rows.map((_, row) => meanOf(columns, row)), columns.map((_, column) => meanOf(rows, column))];
  let [chance, spread] = [0, 0];
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      const expected = (rows[row] as number) * (columns[column] as number);
      chance += expected * similarity(row, column);
      spread += expected * (similarity(row, column) - (ofRow[row] as number) - (ofColumn[column] as number)) ** 2;
    }
  const z = kappa / Math.sqrt((spread - chance ** 2) / (n * (1 - chance) ** 2));
  return { z, p: 2 * normalCdf(-Math.abs(z)) };
}

/** Light's kappa (Light 1971): the mean of Cohen's kappas of all pairs of annotators, on the items that every annotator labelled. */
export function lightKappa(complete: CompleteTable): WeightedStatistic {
  const { table, raters, rows } = complete;
  const unfit = incompleteBecause(complete);
  if (unfit !== null) return { clusters: table.clusters, n: completeClusters(complete), at: () => Number.NaN, reason: unfit };
  const size = table.categories.length;
  const cluster = Int32Array.from(complete.item, (item) => table.clusterOf[item] as number);
  const columns = Array.from({ length: raters }, (_, rater) =>
    Int32Array.from({ length: rows }, (_, row) => complete.category[row * raters + rater] as number),
  );
  const categories = Array.from({ length: size }, (_, category) => category);
  const kappas = columns.flatMap((first, at) =>
    columns.slice(at + 1).map((second) => pairKappa(pairOf(table, categories, cluster, first, second), 'none')),
  );
  return {
    clusters: table.clusters,
    n: completeClusters(complete),
    at: (weights) => kappas.reduce((sum, kappa) => sum + kappa(weights), 0) / kappas.length,
    reason: 'no variation: two annotators give every item the same label',
  };
}

/** That Light's kappa is 0, as the R package irr does: chance agreement of all pairs of annotators at once. */
export function lightTest(complete: CompleteTable, kappa: number): KappaTest | null {
  const { table, raters, rows } = complete;
  if (Number.isNaN(kappa) || rows === 0) return null;
  const size = table.categories.length;
  const shares = Array.from({ length: raters }, () => new Float64Array(size));
  for (const [at, category] of complete.category.entries()) {
    const own = shares[at % raters] as Float64Array;
    own[category] = (own[category] as number) + 1 / rows;
  }
  const pairs = shares.flatMap((first, at) =>
    shares.slice(at + 1).map((second) => 1 - first.reduce((sum, share, c) => sum + share * (second[c] as number), 0)),
  );
  const chance = 1 - pairs.length * pairs.reduce((product, each) => product * each, 1);
  const z = kappa / Math.sqrt(chance / (rows * (1 - chance)));
  return { z, p: 2 * normalCdf(-Math.abs(z)) };
}
