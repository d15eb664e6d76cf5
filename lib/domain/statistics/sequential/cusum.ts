import { normalCdf } from '../distribution';

/** What is watched: shares (gold right, agreement, ties: values 0 and 1) or means (log of dwell time). */
type DriftMetric =
  | {
      readonly kind: 'share' /** In control. */;
      readonly level: number /** A change of the share that should be found soon. */;
      readonly change: number;
    }
  | { readonly kind: 'mean'; readonly level: number; readonly deviation: number; readonly change: number };

interface DriftPlan {
  readonly metric: DriftMetric;
  readonly up: SidePlan;
  readonly down: SidePlan;
  /** Values until a false alarm, on average, both sides together. */
  readonly runLength: number;
}

interface SidePlan {
  /** Statistic from which there is an alarm; null where the share has no room to move that way. */
  readonly limit: number | null;
  /** log of likelihood after the change over likelihood in control. */
  readonly slope: number;
  readonly offset: number;
}

export interface DriftState {
  /** The first alarm; null while there is none. */
  readonly alarm: {
    readonly side: 'up' | 'down' /** Index of the value that raised it. */;
    readonly at: number /** Where the change seems to begin. */;
    readonly since: number;
  } | null;
  readonly up: readonly number[];
  readonly down: readonly number[];
  readonly n: number;
}

/**
 * A two-sided CUSUM (Page 1954) of log likelihood ratios with limits for the wanted run length in control: of each side by Brook and Evans's Markov
 * chain (1972), and 1 / both = 1 / up + 1 / down. The level in control is taken as known; estimate it on many values.
 */
export function driftPlan(metric: DriftMetric, runLength = 1000): DriftPlan {
  checkMetric(metric);
  const sides = { up: sideOf(metric, 1), down: sideOf(metric, -1) };
  const active = Object.values(sides).filter((side) => side !== null).length;
  const limited = (side: Side | null): SidePlan => {
    if (!side) return { limit: null, slope: 0, offset: 0 };
    return { limit: limitFor(side, runLength * active), slope: side.slope, offset: side.offset };
  };
  return { metric, up: limited(sides.up), down: limited(sides.down), runLength };
}

function checkMetric(metric: DriftMetric): void {
  if (!(metric.change > 0)) throw new RangeError('the change to be found has to be above 0');
  if (metric.kind === 'share' && !(metric.level > 0 && metric.level < 1))
    throw new RangeError(`a share in control lies between 0 and 1, got ${metric.level}`);
  if (metric.kind === 'mean' && !(metric.deviation > 0)) throw new RangeError('the deviation in control has to be above 0');
}

/** Step of a value x: slope x + offset. */
interface Side {
  readonly slope: number;
  readonly offset: number;
  /** P(step <= s) in control. */
  distribution(s: number): number;
}

function sideOf(metric: DriftMetric, sign: 1 | -1): Side | null {
  if (metric.kind === 'mean') {
    const shift = (sign * metric.change) / metric.deviation;
    const slope = shift / metric.deviation;
    const offset = -slope * metric.level - (shift * shift) / 2;
    return { slope, offset, distribution: (s) => normalCdf((s + (shift * shift) / 2) / Math.abs(shift)) };
  }
  const { level } = metric;
  const other = level + sign * metric.change;
  if (other <= 0 || other >= 1) return null;
  const [one, zero] = [Math.log(other / level), Math.log((1 - other) / (1 - level))];
  return { slope: one - zero, offset: zero, distribution: (s) => (one <= s ? level : 0) + (zero <= s ? 1 - level : 0) };
}

const states = 80;

/** Mean number of steps until the statistic, from 0, reaches the limit. */
function runLengthOf(side: Side, limit: number): number {
  // state i stands for values around (i + 1/2) width, state 0 holds 0 itself
  const width = (2 * limit) / (2 * states - 1);
  const rows = Array.from({ length: states }, (_, from) =>
    Array.from({ length: states + 1 }, (__, to) => {
      if (to === states) return 1;
      const centre = from * width;
      const below = to === 0 ? 0 : side.distribution((to - 0.5) * width - centre);
      return (from === to ? 1 : 0) - (side.distribution((to + 0.5) * width - centre) - below);
    }),
  );
  return solved(rows)[0] as number;
}

function limitFor(side: Side, runLength: number): number {
  let low = 0.01;
  let high = 1;
  while (runLengthOf(side, high) < runLength && high < 100) high *= 2;
  for (let round = 0; round < 30; round += 1) {
    const middle = (low + high) / 2;
    if (runLengthOf(side, middle) < runLength) low = middle;
    else high = middle;
  }
  return high;
}

/** Gauss with pivots on rows that end with the right side. */
function solved(rows: number[][]): number[] {
  const n = rows.length;
  for (let column = 0; column < n; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < n; row += 1)
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = row;
    const chosen = rows[pivot] as number[];
    rows[pivot] = rows[column] as number[];
    rows[column] = chosen;
    for (let row = column + 1; row < n; row += 1) {
      const own = rows[row] as number[];
      const factor = (own[column] as number) / (chosen[column] as number);
      if (factor === 0) continue;
      for (let at = column; at <= n; at += 1) own[at] = (own[at] as number) - factor * (chosen[at] as number);
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let row = n - 1; row >= 0; row -= 1) {
    const own = rows[row] as number[];
    let sum = own[n] as number;
    for (let at = row + 1; at < n; at += 1) sum -= (own[at] as number) * (x[at] as number);
    x[row] = sum / (own[row] as number);
  }
  return x;
}

/** Follows values of one annotator under one version of the guideline, in the order in which they came; begin anew with a new version. */
export function drift(values: readonly number[], plan: DriftPlan): DriftState {
  const paths = { up: [] as number[], down: [] as number[] };
  let alarm: DriftState['alarm'] = null;
  const since = { up: 0, down: 0 };
  values.forEach((value, at) => {
    for (const side of ['up', 'down'] as const) {
      const { limit, offset, slope } = plan[side];
      const statistic = Math.max(0, (paths[side].at(-1) ?? 0) + slope * value + offset);
      if (limit === null) continue;
      paths[side].push(statistic);
      if (statistic === 0) since[side] = at + 1;
      if (statistic >= limit) alarm ??= { side, at, since: since[side] };
    }
  });
  return { alarm, ...paths, n: values.length };
}
