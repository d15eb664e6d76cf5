import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type RunResult, runResult, runSpec } from '#lib/domain/runs';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { modelIdsOf } from '../loops/stage-spec';
import { authoriseRun } from './authorise-run';
import { type RunSummary, summarySelect, toSummary } from './list-runs';

export const getRunInput = z.strictObject({ runId: z.uuid() });

export interface RunView extends RunSummary {
  readonly projectId: string;
  readonly roundId: string | null;
  readonly attempt: number;
  readonly reasonCode: string | null;
  readonly resumable: boolean;
  readonly cancelRequested: boolean;
  readonly pauseRequested: boolean;
  /** As stored: backend, device, library, threads; a resume under another is refused. null before the first start. */
  readonly engine: { backend: string; device: string; library: string; threads: number } | null;
  readonly seed: number;
  readonly config: unknown;
  readonly inputs: readonly { kind: 'model' | 'snapshot'; id: string; name: string }[];
  readonly result: RunResult | null;
  readonly produced: readonly { id: string; name: string; kind: string }[];
  readonly checkpoints: readonly { id: string; step: number; best: boolean; pinned: boolean; pruned: boolean; createdAt: Date }[];
  readonly events: readonly { id: string; code: string; data: Record<string, unknown>; at: Date }[];
  readonly heartbeatAt: Date | null;
  /** Bytes. */
  readonly peakMemory: number | null;
}

const engineSchema = z.object({ backend: z.string(), device: z.string(), library: z.string(), threads: z.number() });

export async function getRun(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof getRunInput>): Promise<RunView> {
  const { runId } = getRunInput.parse(input);
  await authoriseRun(deps, actor, runId, 'run.read');
  return readRun(deps, runId);
}

/** The same for who was authorised already. */
export async function readRun(deps: Pick<Deps, 'db'>, runId: string): Promise<RunView> {
  const run = await deps.db.run.findUnique({
    where: { id: runId },
    select: {
      ...summarySelect,
      projectId: true,
      roundId: true,
      attempt: true,
      reasonCode: true,
      resumable: true,
      cancelRequested: true,
      pauseRequested: true,
      engine: true,
      seed: true,
      config: true,
      inputs: true,
      result: true,
      heartbeatAt: true,
      peakMemory: true,
      models: { select: { id: true, name: true, kind: true } },
      checkpoints: {
        orderBy: { step: 'asc' },
        select: { id: true, step: true, best: true, pinned: true, prunedAt: true, createdAt: true },
      },
      events: { orderBy: { at: 'desc' }, take: 200, select: { id: true, code: true, data: true, at: true } },
    },
  });
  if (!run) throw new AppError('NOT_FOUND', 'There is no such run.', { details: { runId } });
  const result = runResult.safeParse(run.result);
  const engine = engineSchema.safeParse(run.engine);
  return {
    ...toSummary(run),
    projectId: run.projectId,
    roundId: run.roundId,
    attempt: run.attempt,
    reasonCode: run.reasonCode,
    resumable: run.resumable,
    cancelRequested: run.cancelRequested,
    pauseRequested: run.pauseRequested,
    engine: engine.success ? engine.data : null,
    seed: run.seed,
    config: run.config,
    inputs: await namedInputs(deps, run),
    result: result.success ? result.data : null,
    produced: run.models,
    checkpoints: run.checkpoints.map(({ prunedAt, ...checkpoint }) => ({ ...checkpoint, pruned: prunedAt !== null })),
    events: run.events.map((event) => ({ ...event, data: z.record(z.string(), z.unknown()).catch({}).parse(event.data) })),
    heartbeatAt: run.heartbeatAt,
    peakMemory: run.peakMemory === null ? null : Number(run.peakMemory),
  };
}

async function namedInputs(deps: Pick<Deps, 'db'>, run: { kind: string; config: unknown; inputs: unknown }): Promise<RunView['inputs']> {
  const spec = runSpec.safeParse({ kind: run.kind, config: run.config, inputs: run.inputs });
  if (!spec.success) return [];
  const models = await deps.db.modelVersion.findMany({ where: { id: { in: modelIdsOf(spec.data) } }, select: { id: true, name: true } });
  const snapshotIds = spec.data.kind === 'REWARD_TRAINING' ? spec.data.inputs.snapshotIds : [];
  const snapshots = await deps.db.snapshot.findMany({ where: { id: { in: snapshotIds } }, select: { id: true, hash: true } });
  return [
    ...models.map((model) => ({ kind: 'model' as const, id: model.id, name: model.name })),
    ...snapshots.map((snapshot) => ({ kind: 'snapshot' as const, id: snapshot.id, name: snapshot.hash.slice(0, 12) })),
  ];
}
