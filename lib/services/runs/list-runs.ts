import { z } from 'zod';
import type { Prisma } from '#lib/db/generated/client';
import type { Actor } from '#lib/domain/actor';
import type { RunKind, RunStatus } from '#lib/domain/runs';
import type { Deps } from '../deps';
import { authorise } from '../people/authorise';

export const listRunsInput = z.strictObject({ projectId: z.uuid(), limit: z.int().min(1).max(500).default(100) });

export interface RunSummary {
  readonly id: string;
  readonly kind: RunKind;
  readonly status: RunStatus;
  readonly step: number;
  readonly totalSteps: number | null;
  readonly phase: string | null;
  readonly device: 'CPU' | 'GPU';
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly loopId: string | null;
  readonly loopName: string | null;
  readonly roundOrdinal: number | null;
}

export const summarySelect = {
  id: true,
  kind: true,
  status: true,
  step: true,
  totalSteps: true,
  phase: true,
  device: true,
  reason: true,
  createdAt: true,
  startedAt: true,
  finishedAt: true,
  round: { select: { ordinal: true, loop: { select: { id: true, name: true } } } },
} as const satisfies Prisma.RunSelect;

export function toSummary(run: Prisma.RunGetPayload<{ select: typeof summarySelect }>): RunSummary {
  const { round, ...rest } = run;
  return {
    id: rest.id,
    kind: rest.kind,
    status: rest.status,
    step: rest.step,
    totalSteps: rest.totalSteps,
    phase: rest.phase,
    device: rest.device,
    reason: rest.reason,
    createdAt: rest.createdAt,
    startedAt: rest.startedAt,
    finishedAt: rest.finishedAt,
    loopId: round?.loop.id ?? null,
    loopName: round?.loop.name ?? null,
    roundOrdinal: round?.ordinal ?? null,
  };
}

/** Newest first. */
export async function listRuns(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof listRunsInput>): Promise<RunSummary[]> {
  const { projectId, limit } = listRunsInput.parse(input);
  await authorise(deps, actor, projectId, 'run.read');
  const runs = await deps.db.run.findMany({ where: { projectId }, orderBy: { createdAt: 'desc' }, take: limit, select: summarySelect });
  return runs.map(toSummary);
}
