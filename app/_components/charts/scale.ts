export type Point = readonly [x: number, y: number];

/** Round numbers from at most `low` to at least `high`, about `wanted` steps apart by 1, 2, 2.5 or 5 times a power of ten. */
export function niceTicks(low: number, high: number, wanted = 4): number[] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  // Equal but for rounding: there is no span to divide.
  if (Math.abs(high - low) <= 1e-9 * Math.max(Math.abs(low), Math.abs(high))) {
    const room = Math.abs(low) || 1;
    return niceTicks(low - room / 2, high + room / 2, wanted);
  }
  const raw = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** Lowest and highest of the finite values; null where there is none. */
export function extent(values: Iterable<number>): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/** Linear map from data to pixels; values that differ by rounding alone lie in the middle. */
export function linear(from: readonly [number, number], to: readonly [number, number]): (value: number) => number {
  const span = from[1] - from[0];
  if (Math.abs(span) <= 1e-9 * Math.max(Math.abs(from[0]), Math.abs(from[1]))) return () => (to[0] + to[1]) / 2;
  return (value) => to[0] + ((value - from[0]) / span) * (to[1] - to[0]);
}

/**
 * Exponential smoothing with the start's bias taken out: m_i = a m_{i-1} + (1 - a) y_i, shown as m_i / (1 - a^(i+1)).
 * A gap (NaN) stays a gap and does not move the mean.
 */
export function smooth(points: readonly Point[], amount: number): Point[] {
  let mean = 0;
  let weight = 0;
  return points.map(([x, y]) => {
    if (!Number.isFinite(y)) return [x, Number.NaN];
    mean = amount * mean + (1 - amount) * y;
    weight = amount * weight + (1 - amount);
    return [x, weight > 0 ? mean / weight : y];
  });
}

/** SVG path of a line in pixels; gaps break it. */
export function linePath(points: readonly Point[], x: (value: number) => number, y: (value: number) => number): string {
  let path = '';
  let open = false;
  for (const [px, py] of points) {
    if (!Number.isFinite(py)) {
      open = false;
      continue;
    }
    path += `${open ? 'L' : 'M'}${x(px).toFixed(1)} ${y(py).toFixed(1)}`;
    open = true;
  }
  return path;
}
