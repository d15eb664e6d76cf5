'use client';

import { useQuery } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useState } from 'react';
import type { MetricsView } from '#lib/services/runs/get-metrics';
import type { RunView } from '#lib/services/runs/get-run';
import type { SamplesView } from '#lib/services/runs/get-samples';
import type { RunChange } from '#lib/services/runs/watch-run';
import type { Point } from '../../../../../../_components/charts/scale';
import { useTRPC } from '../../../../../../_trpc/client';

export interface Curve {
  /** One value a step, or the mean of a bucket of steps: what is smoothed. */
  readonly mean: readonly Point[];
  /** The same with the lowest and highest value of a bucket, so that a spike between two pixels stays visible. */
  readonly raw: readonly Point[];
}

export type Curves = ReadonlyMap<string, Curve>;

function curvesOf(metrics: MetricsView): Curves {
  return new Map(
    metrics.series.map(({ name, points }) => {
      const mean = points.map((point): Point => [point.step, point.mean]);
      const raw = points.flatMap(({ step, min, max }): Point[] => {
        const top: Point = [step, max];
        return min === max ? [top] : [[step, min], top];
      });
      return [name, { mean, raw }];
    }),
  );
}

function withRows(curves: Curves, rows: readonly { step: number; values: Record<string, number> }[]): Curves {
  const next = new Map(curves);
  for (const { step, values } of rows) {
    for (const [name, value] of Object.entries(values)) {
      const known = next.get(name) ?? { mean: [], raw: [] };
      // A stream that was cut and opened again repeats rows: a step that is there already is left as it is.
      if ((known.mean.at(-1)?.[0] ?? -1) >= step) continue;
      const point: Point = [step, value];
      next.set(name, { mean: [...known.mean, point], raw: [...known.raw, point] });
    }
  }
  return next;
}

function cutAfter(curves: Curves, step: number): Curves {
  const cut = (points: readonly Point[]) => points.filter(([at]) => at <= step);
  return new Map([...curves].map(([name, { mean, raw }]) => [name, { mean: cut(mean), raw: cut(raw) }]));
}

interface Initial {
  run: RunView;
  metrics: MetricsView;
  samples: SamplesView;
}

/** The run as it is now: what the server drew the page with, then every change over server-sent events. */
export function useRun(initial: Initial) {
  const trpc = useTRPC();
  const [run, setRun] = useState(initial.run);
  const [curves, setCurves] = useState<Curves>(() => curvesOf(initial.metrics));
  const [restarts, setRestarts] = useState<readonly number[]>(initial.metrics.restarts);
  const [heard, setHeard] = useState<Date | null>(null);
  const [newest, setNewest] = useState(initial.samples.steps.at(-1) ?? -1);
  const over = run.status === 'DONE' || run.status === 'FAILED' || run.status === 'CANCELLED';

  const samples = useQuery(
    trpc.runs.samples.queryOptions({ runId: run.id }, { initialData: initial.samples, staleTime: Number.POSITIVE_INFINITY }),
  );

  function take(change: RunChange) {
    setHeard(new Date());
    if (change.kind === 'state') setRun(change.run);
    else if (change.kind === 'metrics') setCurves((before) => withRows(before, change.rows));
    else if (change.kind === 'restart') {
      setCurves((before) => cutAfter(before, change.step));
      setRestarts((before) => [...before, change.step]);
    } else if (change.step !== newest) {
      setNewest(change.step);
      void samples.refetch();
    }
  }

  const [afterStep] = useState(initial.metrics.lastStep);
  const subscription = useSubscription(trpc.runs.watch.subscriptionOptions({ runId: run.id, afterStep }, { enabled: !over, onData: take }));
  const silent = !over && heard !== null && (subscription.status === 'connecting' || subscription.status === 'error');
  return { run, setRun, curves, restarts, samples: samples.data, staleSince: silent ? heard : null };
}
