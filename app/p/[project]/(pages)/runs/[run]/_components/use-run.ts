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

export type Curves = ReadonlyMap<string, readonly Point[]>;

/** A bucket of several steps shows its lowest and its highest value, so that a spike between two pixels stays visible. */
function pointsOf(metrics: MetricsView): Map<string, Point[]> {
  return new Map(
    metrics.series.map(({ name, points }) => [
      name,
      points.flatMap(({ step, min, max, n }): Point[] =>
        n > 1 && min !== max
          ? [
              [step, min],
              [step, max],
            ]
          : [[step, max]],
      ),
    ]),
  );
}

function withRows(curves: Curves, rows: readonly { step: number; values: Record<string, number> }[]): Curves {
  const next = new Map<string, readonly Point[]>(curves);
  for (const { step, values } of rows) {
    for (const [name, value] of Object.entries(values)) {
      const known = next.get(name) ?? [];
      // A stream that was cut and opened again repeats rows: a step that is there already is left as it is.
      if ((known.at(-1)?.[0] ?? -1) < step) next.set(name, [...known, [step, value]]);
    }
  }
  return next;
}

function cutAfter(curves: Curves, step: number): Curves {
  return new Map([...curves].map(([name, points]) => [name, points.filter(([at]) => at <= step)]));
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
  const [curves, setCurves] = useState<Curves>(() => pointsOf(initial.metrics));
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
