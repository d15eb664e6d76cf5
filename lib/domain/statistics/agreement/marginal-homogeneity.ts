import { chiSquareTail } from '../distribution';
import { binomialTest } from '../proportion';
import { crossTable, type PairedLabels } from './paired-labels';

export interface ChiSquareTest {
  readonly chiSquare: number;
  readonly df: number;
  readonly p: number;
}

/** Whether two annotators use the categories equally often: Stuart (1955) and Maxwell (1970). Null where no category differs, or there are too many. */
export function stuartMaxwell(pair: PairedLabels): ChiSquareTest | null {
  const size = pair.categories.length;
  const counts = crossTable(pair);
  if (counts === null) return null;
  const count = (row: number, column: number) => counts[row * size + column] as number;
  const sum = (of: (other: number) => number) => pair.categories.reduce<number>((total, _, other) => total + of(other), 0);
  // the last category follows from the others
  const free = Math.max(0, size - 1);
  const difference = Array.from({ length: free }, (_, at) => sum((other) => count(at, other) - count(other, at)));
  const covariance = difference.map((_, row) =>
    difference.map((_, column) =>
      row === column
        ? sum((other) => count(row, other) + count(other, row)) - 2 * count(row, row)
        : -(count(row, column) + count(column, row)),
    ),
  );
  const solved = solve(covariance, difference);
  if (solved === null) return null;
  const chiSquare = difference.reduce((total, each, at) => total + each * (solved[at] as number), 0);
  return { chiSquare, df: free, p: chiSquareTail(chiSquare, free) };
}

/** Bhapkar's test (1966): the same with the covariance estimated without the hypothesis. */
export function bhapkar(pair: PairedLabels): ChiSquareTest | null {
  const stuart = stuartMaxwell(pair);
  if (stuart === null || stuart.chiSquare >= pair.cluster.length) return null;
  const chiSquare = stuart.chiSquare / (1 - stuart.chiSquare / pair.cluster.length);
  return { chiSquare, df: stuart.df, p: chiSquareTail(chiSquare, stuart.df) };
}

/** McNemar's test (1947) of the b and c discordant cases of a two by two table: exact, and chi-square with Yates's correction. */
export function mcNemar(b: number, c: number): { exactP: number; chiSquare: number; p: number } | null {
  if (b + c === 0) return null;
  const chiSquare = Math.max(0, Math.abs(b - c) - 1) ** 2 / (b + c);
  return { exactP: binomialTest(b, b + c), chiSquare, p: chiSquareTail(chiSquare, 1) };
}

/** Gauss with pivots; null where the matrix is singular. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | null {
  const rows = matrix.map((row, at) => [...row, right[at] as number]);
  const size = rows.length;
  if (size === 0) return null;
  for (let column = 0; column < size; column += 1) {
    const pivot = rows
      .slice(column)
      .reduce((best, row, at) => (Math.abs(row[column] as number) > Math.abs(rows[best]?.[column] as number) ? column + at : best), column);
    const [chosen, moved] = [rows[pivot] as number[], rows[column] as number[]];
    if (Math.abs(chosen[column] as number) < 1e-12) return null;
    rows[column] = chosen;
    rows[pivot] = pivot === column ? chosen : moved;
    for (const [at, row] of rows.entries()) {
      if (at === column) continue;
      const factor = (row[column] as number) / (chosen[column] as number);
      for (let each = column; each <= size; each += 1) row[each] = (row[each] as number) - factor * (chosen[each] as number);
    }
  }
  return rows.map((row, at) => (row[size] as number) / (row[at] as number));
}
