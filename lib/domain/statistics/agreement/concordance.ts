import { chiSquareTail, normalCdf } from '../distribution';
import { correlation } from '../summary';
import { type CompleteTable, completeClusters, completeValues, incompleteBecause } from './complete-table';
import type { KappaTest } from './fleiss';
import type { ChiSquareTest } from './marginal-homogeneity';
import { midranks, ranksAlong, spearman } from './rank-correlation';
import type { WeightedStatistic } from './resample';

/** Kendall's coefficient of concordance of raters (columns) on n things, from the ranks each gives; NaN where nobody tells two apart. */
function concordance(ranks: readonly Float64Array[], weights: ArrayLike<number> | null, corrected: boolean): number {
  const m = ranks.length;
  let [n, squares, most] = [0, 0, 0];
  for (let at = 0; at < (ranks[0]?.length ?? 0); at += 1) n += weights ? (weights[at] as number) : 1;
  const middle = (m * (n + 1)) / 2;
  for (let at = 0; at < (ranks[0]?.length ?? 0); at += 1) {
    const weight = weights ? (weights[at] as number) : 1;
    let sum = 0;
    for (const each of ranks) {
      sum += each[at] as number;
      most += weight * ((each[at] as number) - (n + 1) / 2) ** 2;
    }
    squares += weight * (sum - middle) ** 2;
  }
  // m times the squares of the ranks as they are is m^2 (n^3 - n) / 12 less the correction for ties
  const denominator = corrected ? m * most : (m * m * (n ** 3 - n)) / 12;
  return m < 2 || n < 2 || most === 0 ? Number.NaN : squares / denominator;
}

/** Kendall's W of rankings of the same things (Kendall and Babington Smith 1939), corrected for ties; NaN where nobody ranks. */
export function kendallWOfRanks(rankings: readonly ArrayLike<number>[], corrected = true): number {
  return concordance(
    rankings.map((each) => midranks(each)),
    null,
    corrected,
  );
}

/** That W is 0: chi-square of m (n - 1) W with n - 1 degrees of freedom. */
export function kendallWTest(w: number, raters: number, things: number): ChiSquareTest {
  const chiSquare = raters * (things - 1) * w;
  return { chiSquare, df: things - 1, p: chiSquareTail(chiSquare, things - 1) };
}

interface Columns {
  readonly columns: Float64Array[];
  readonly cluster: Int32Array;
}

function columnsOf(complete: CompleteTable, values: Float64Array): Columns {
  const { raters, rows, table } = complete;
  return {
    columns: Array.from({ length: raters }, (_, rater) =>
      Float64Array.from({ length: rows }, (_none, row) => values[row * raters + rater] as number),
    ),
    cluster: Int32Array.from(complete.item, (item) => table.clusterOf[item] as number),
  };
}

function overComplete(
  complete: CompleteTable,
  needs: 'numbers' | 'order',
  compute: (columns: Columns) => (weights: Float64Array) => number,
): WeightedStatistic {
  const values = completeValues(complete, needs);
  const unfit =
    values === null ? `labels are texts${needs === 'order' ? ' without an order' : ', not numbers'}` : incompleteBecause(complete);
  const base = { clusters: complete.table.clusters, n: completeClusters(complete) };
  if (unfit !== null || values === null) return { ...base, at: () => Number.NaN, reason: unfit ?? '' };
  const columns = columnsOf(complete, values);
  const at = compute(columns);
  const ofRows = new Float64Array(complete.rows);
  return {
    ...base,
    at: (weights) => {
      for (let row = 0; row < ofRows.length; row += 1) ofRows[row] = weights[columns.cluster[row] as number] as number;
      return at(ofRows);
    },
    reason: 'no variation: an annotator gives every item the same label',
  };
}

/** Kendall's W of annotators over the items that all of them labelled. */
export function kendallW(complete: CompleteTable, corrected = true): WeightedStatistic {
  return overComplete(complete, 'order', ({ columns }) => {
    const orders = columns.map((column) => Int32Array.from(column.keys()).sort((a, b) => (column[a] as number) - (column[b] as number)));
    return (weights) => {
      const ranks = columns.map((column, rater) => ranksAlong(orders[rater] as Int32Array, column, weights));
      return concordance(ranks, weights, corrected);
    };
  });
}

/** Mean over pairs of annotators of Spearman's rho, over the items that all of them labelled. */
export function meanSpearman(complete: CompleteTable): WeightedStatistic {
  return overComplete(complete, 'order', ({ columns }) => {
    const orders = columns.map((column) => Int32Array.from(column.keys()).sort((a, b) => (column[a] as number) - (column[b] as number)));
    return (weights) =>
      meanCorrelation(
        columns.map((column, rater) => ranksAlong(orders[rater] as Int32Array, column, weights)),
        weights,
      );
  });
}

/** Mean over pairs of annotators of Pearson's r, over the items that all of them labelled. */
export function meanPearson(complete: CompleteTable): WeightedStatistic {
  return overComplete(
    complete,
    'numbers',
    ({ columns }) =>
      (weights) =>
        meanCorrelation(columns, weights),
  );
}

/** From the lengths of standardised columns: the square of their sum is their number and twice the sum of the correlations of all pairs. */
function meanCorrelation(columns: readonly Float64Array[], weights: Float64Array): number {
  const raters = columns.length;
  const sums = new Float64Array(weights.length);
  for (const column of columns) {
    const { centre, length } = spread(column, weights);
    if (length === 0) return Number.NaN;
    for (let at = 0; at < column.length; at += 1) sums[at] = (sums[at] as number) + ((column[at] as number) - centre) / length;
  }
  let square = 0;
  for (let at = 0; at < sums.length; at += 1) square += (weights[at] as number) * (sums[at] as number) ** 2;
  return (square - raters) / (raters * (raters - 1));
}

/** Mean, and the length of what is left without it. */
function spread(column: Float64Array, weights: Float64Array): { centre: number; length: number } {
  let [total, sum, squares] = [0, 0, 0];
  for (let at = 0; at < column.length; at += 1) {
    total += weights[at] as number;
    sum += (weights[at] as number) * (column[at] as number);
  }
  const centre = sum / total;
  for (let at = 0; at < column.length; at += 1) squares += (weights[at] as number) * ((column[at] as number) - centre) ** 2;
  // what rounding leaves of a column that does not vary is no variation
  const length = Math.sqrt(squares);
  return { centre, length: length <= 1e-12 * Math.sqrt(total) * Math.abs(centre) ? 0 : length };
}

/** Means of correlations through Fisher's z, as the R package irr gives them, with the test that they are 0. */
export function fisherMeanCorrelation(
  columns: readonly ArrayLike<number>[],
  kind: 'pearson' | 'spearman',
): (KappaTest & { value: number }) | null {
  const correlate = kind === 'pearson' ? correlation : spearman;
  const found = columns.flatMap((x, at) => columns.slice(at + 1).map((y) => correlate(x, y))).filter((r) => r > -1 && r < 1);
  const n = columns[0]?.length ?? 0;
  if (found.length === 0 || n < 4) return null;
  const value = Math.tanh(found.reduce((sum, r) => sum + Math.atanh(r), 0) / found.length);
  const z = value * Math.sqrt(n - 3);
  return { value, z, p: 2 * normalCdf(-Math.abs(z)) };
}
