export interface MetricRow {
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

export interface MetricPoint {
  /** The last step of the bucket. */
  readonly step: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly n: number;
}

/**
 * One metric of a run as at most `buckets` points over equal ranges of steps. Minimum and maximum are kept, so that a peak of one step
 * is seen however long the run. Rows are in the order of their steps; a row without the metric is passed over.
 */
export function bucketMetric(rows: readonly MetricRow[], name: string, buckets: number): MetricPoint[] {
  const present = rows.filter((row) => row.values[name] !== undefined);
  const first = present[0]?.step ?? 0;
  const last = present.at(-1)?.step ?? 0;
  const width = Math.max(1, Math.ceil((last - first + 1) / buckets));
  const points: { bucket: number; step: number; min: number; max: number; sum: number; n: number }[] = [];
  for (const row of present) {
    const value = row.values[name] as number;
    const bucket = Math.floor((row.step - first) / width);
    const point = points.at(-1);
    if (point && point.bucket === bucket) {
      point.step = row.step;
      point.min = Math.min(point.min, value);
      point.max = Math.max(point.max, value);
      point.sum += value;
      point.n += 1;
    } else {
      points.push({ bucket, step: row.step, min: value, max: value, sum: value, n: 1 });
    }
  }
  return points.map(({ step, min, max, sum, n }) => ({ step, min, max, mean: sum / n, n }));
}
