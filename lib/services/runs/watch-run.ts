import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { isFinished } from '#lib/domain/runs';
import type { Deps } from '../deps';
import { authoriseRun } from './authorise-run';
import { type RunView, readRun } from './get-run';

export const watchRunInput = z.strictObject({
  runId: z.uuid(),
  /** Metric rows up to this step are known to the watcher already. */
  afterStep: z.int().min(0).default(0),
});

export type RunChange =
  | { readonly kind: 'state'; readonly run: RunView }
  | { readonly kind: 'metrics'; readonly rows: readonly { step: number; values: Record<string, number> }[] }
  /** An attempt began: rows after this step are written anew. */
  | { readonly kind: 'restart'; readonly step: number }
  | { readonly kind: 'samples'; readonly step: number };

const lookEvery = 1_000;
const atOnce = 1_000;
const valuesSchema = z.record(z.string(), z.number()).catch({});

/**
 * What happens to a run from now on: its present state first, then each change, until a final state was given or `signal` ends it.
 * Reads the record once a second, so that it also sees what another machine's worker writes, and survives any restart of that worker.
 */
export async function* watchRun(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof watchRunInput>,
  signal: AbortSignal,
): AsyncGenerator<RunChange, void, void> {
  const { runId, afterStep } = watchRunInput.parse(input);
  await authoriseRun(deps, actor, runId, 'run.read');
  let seen = '';
  let epoch: number | null = null;
  let last = afterStep;
  let lastSamples = -1;
  while (!signal.aborted) {
    const head = await deps.db.run.findUniqueOrThrow({
      where: { id: runId },
      select: {
        epoch: true,
        status: true,
        step: true,
        totalSteps: true,
        phase: true,
        reason: true,
        cancelRequested: true,
        pauseRequested: true,
        finishedAt: true,
        _count: { select: { checkpoints: true, events: true } },
      },
    });
    const now = JSON.stringify(head);
    if (epoch === null) {
      seen = now;
      yield { kind: 'state', run: await readRun(deps, runId) };
    }
    // Also where the watcher comes back after a break and knows rows that an attempt has since deleted.
    if (head.epoch !== epoch && head.step < last) {
      last = head.step;
      lastSamples = Math.min(lastSamples, last);
      yield { kind: 'restart', step: last };
    }
    epoch = head.epoch;
    for (;;) {
      const rows = await deps.db.runMetric.findMany({
        where: { runId, step: { gt: last } },
        orderBy: { step: 'asc' },
        take: atOnce,
        select: { step: true, values: true },
      });
      if (rows.length === 0) break;
      last = rows.at(-1)?.step ?? last;
      yield { kind: 'metrics', rows: rows.map((row) => ({ step: row.step, values: valuesSchema.parse(row.values) })) };
    }
    const newest = await deps.db.runSample.aggregate({ where: { runId }, _max: { step: true } });
    const newestStep = newest._max.step ?? -1;
    if (newestStep > lastSamples) {
      lastSamples = newestStep;
      yield { kind: 'samples', step: newestStep };
    }
    if (now !== seen) yield { kind: 'state', run: await readRun(deps, runId) };
    seen = now;
    if (isFinished(head.status)) return;
    await sleep(lookEvery, undefined, { signal }).catch(() => undefined);
  }
}
