import { fQuantile, fTail } from '../distribution';
import type { Estimate } from '../estimate';
import { undefinedEstimate } from '../estimate';

export type IntraclassModel = 'oneway' | 'twoway';
export type IntraclassType = 'consistency' | 'agreement';
export type IntraclassUnit = 'single' | 'average';

export interface FTest {
  readonly f: number;
  readonly df1: number;
  readonly df2: number;
  readonly p: number;
}

export interface Intraclass {
  readonly estimate: Estimate;
  readonly test: FTest | null;
}

interface MeanSquares {
  readonly rows: number;
  readonly columns: number;
  readonly within: number;
  readonly error: number;
  /** Mean of all numbers. */
  readonly level: number;
  readonly n: number;
  readonly k: number;
}

/** Mean squares of an analysis of variance; values of item r and rater c at r * raters + c. */
function meanSquares(values: ArrayLike<number>, k: number): MeanSquares {
  const n = values.length / k;
  const [ofRow, ofColumn] = [new Float64Array(n), new Float64Array(k)];
  let grand = 0;
  for (let at = 0; at < values.length; at += 1) {
    const [row, column] = [Math.floor(at / k), at % k];
    ofRow[row] = (ofRow[row] as number) + (values[at] as number) / k;
    ofColumn[column] = (ofColumn[column] as number) + (values[at] as number) / n;
    grand += (values[at] as number) / values.length;
  }
  let [within, error] = [0, 0];
  for (let at = 0; at < values.length; at += 1) {
    const [row, column] = [Math.floor(at / k), at % k];
    within += ((values[at] as number) - (ofRow[row] as number)) ** 2;
    error += ((values[at] as number) - (ofRow[row] as number) - (ofColumn[column] as number) + grand) ** 2;
  }
  const spread = (means: Float64Array) => means.reduce((sum, mean) => sum + (mean - grand) ** 2, 0) / (means.length - 1);
  return {
    rows: k * spread(ofRow),
    columns: n * spread(ofColumn),
    within: within / (n * (k - 1)),
    error: error / ((n - 1) * (k - 1)),
    level: grand,
    n,
    k,
  };
}

/**
 * Intraclass correlation of raters on items with numbers, complete (Shrout and Fleiss 1979; McGraw and Wong 1996, whose F intervals these
 * are). One-way: raters differ from item to item; two-way: the same raters on all, with their own levels counted (agreement) or not
 * (consistency). Single: of one rating; average: of the mean of all raters. `n` counts items.
 */
export function intraclassCorrelation(
  values: ArrayLike<number>,
  raters: number,
  options: { readonly model: IntraclassModel; readonly type: IntraclassType; readonly unit: IntraclassUnit; readonly level?: number },
): Intraclass {
  const { model, type, unit, level = 0.95 } = options;
  const n = raters > 0 ? values.length / raters : 0;
  if (raters < 2 || n < 2) return { estimate: undefinedEstimate('it needs two items and two annotators', n), test: null };
  const squares = meanSquares(values, raters);
  const noise = model === 'oneway' ? squares.within : squares.error;
  // what rounding leaves of no difference counts as none
  const none = 1e-20 * (squares.level ** 2 + squares.rows);
  if (squares.rows <= none && noise <= none)
    return { estimate: undefinedEstimate('no variation: every number is the same', n), test: null };
  if (noise <= none) return { estimate: undefinedEstimate('no interval: annotators never differ', n), test: null };
  const upper = 0.5 + level / 2;
  const parts = model === 'twoway' && type === 'agreement' ? absolute(squares, unit, upper) : relative(squares, noise, model, unit, upper);
  const { value, low, high, df2 } = parts;
  const f = squares.rows / noise;
  return { estimate: { defined: true, value, low, high, n, level }, test: { f, df1: n - 1, df2, p: fTail(f, n - 1, df2) } };
}

interface Parts {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly df2: number;
}

function relative({ rows, n, k }: MeanSquares, noise: number, model: IntraclassModel, unit: IntraclassUnit, upper: number): Parts {
  const df2 = model === 'oneway' ? n * (k - 1) : (n - 1) * (k - 1);
  const least = rows / noise / fQuantile(upper, n - 1, df2);
  const most = (rows / noise) * fQuantile(upper, df2, n - 1);
  if (unit === 'average') return { value: (rows - noise) / rows, low: 1 - 1 / least, high: 1 - 1 / most, df2 };
  const of = (ratio: number) => (ratio - 1) / (ratio + k - 1);
  return { value: (rows - noise) / (rows + (k - 1) * noise), low: of(least), high: of(most), df2 };
}

function absolute({ rows, columns, error, n, k }: MeanSquares, unit: IntraclassUnit, upper: number): Parts {
  const single = unit === 'single';
  const value = single
    ? (rows - error) / (rows + (k - 1) * error + (k / n) * (columns - error))
    : (rows - error) / (rows + (columns - error) / n);
  // Satterthwaite's degrees of freedom (McGraw and Wong 1996, table 7); of the average as the R package irr has them, a little wider
  const a = (k * value) / (n * (1 - value));
  const b = 1 + (n - 1) * a;
  const df2 = (a * columns + b * error) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)));
  const [least, most] = [fQuantile(upper, n - 1, df2), fQuantile(upper, df2, n - 1)];
  const rest = single ? k * columns + (k * n - k - n) * error : columns - error;
  return {
    value,
    low: (n * (rows - least * error)) / (least * rest + n * rows),
    high: (n * (most * rows - error)) / (rest + n * most * rows),
    df2,
  };
}
