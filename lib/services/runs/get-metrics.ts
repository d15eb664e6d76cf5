import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { bucketMetric, type MetricPoint } from '#lib/domain/metric-buckets';
import type { Deps } from '../deps';
import { authoriseRun } from './authorise-run';

export const getMetricsInput = z.strictObject({
  runId: z.uuid(),
  /** Default: all. */
  names: z.array(z.string()).optional(),
  buckets: z.int().min(1).max(5000).default(300),
  fromStep: z.int().min(0).optional(),
  toStep: z.int().min(0).optional(),
});

export interface MetricsView {
  readonly names: readonly string[];
  readonly series: readonly { readonly name: string; readonly points: readonly MetricPoint[] }[];
  /** Steps at which a later attempt began. */
  readonly restarts: readonly number[];
  readonly lastStep: number;
}

const valuesSchema = z.record(z.string(), z.number()).catch({});

/** The curves of a run, thinned on the server to min/max buckets. */
export async function getMetrics(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof getMetricsInput>): Promise<MetricsView> {
  const { runId, names: wanted, buckets, fromStep, toStep } = getMetricsInput.parse(input);
  await authoriseRun(deps, actor, runId, 'run.read');
  const rows = await deps.db.runMetric.findMany({
    where: { runId, step: { gte: fromStep ?? 0, ...(toStep === undefined ? {} : { lte: toStep }) } },
    orderBy: { step: 'asc' },
    select: { step: true, values: true },
  });
  const parsed = rows.map((row) => ({ step: row.step, values: valuesSchema.parse(row.values) }));
  const names = [...new Set(parsed.flatMap((row) => Object.keys(row.values)))].sort();
  const starts = await deps.db.runEvent.findMany({ where: { runId, code: 'started' }, orderBy: { at: 'asc' }, select: { data: true } });
  return {
    names,
    series: names
      .filter((name) => wanted === undefined || wanted.includes(name))
      .map((name) => ({ name, points: bucketMetric(parsed, name, buckets) })),
    restarts: starts.slice(1).map((event) => z.object({ fromStep: z.number() }).catch({ fromStep: 0 }).parse(event.data).fromStep),
    lastStep: parsed.at(-1)?.step ?? 0,
  };
}
