import { z } from 'zod';
import type { Prisma } from '#lib/db/generated/client';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '../deps';
import { authorise } from '../people/authorise';

export const modelKinds = ['POLICY', 'REWARD', 'VALUE'] as const;
export const listModelsInput = z.strictObject({ projectId: z.uuid(), kind: z.enum(modelKinds).optional() });

export interface ModelSummary {
  readonly id: string;
  readonly name: string;
  readonly kind: (typeof modelKinds)[number];
  readonly family: string;
  readonly parameterCount: number;
  readonly contextLength: number;
  readonly vocabularySize: number;
  readonly createdAt: Date;
  /** The run that made it; null for an imported one. */
  readonly runId: string | null;
  readonly loopId: string | null;
  readonly loopName: string | null;
  readonly roundOrdinal: number | null;
  readonly imported: boolean;
}

export const modelSelect = {
  id: true,
  name: true,
  kind: true,
  family: true,
  parameterCount: true,
  contextLength: true,
  vocabularySize: true,
  createdAt: true,
  runId: true,
  run: { select: { round: { select: { ordinal: true, loop: { select: { id: true, name: true } } } } } },
} as const satisfies Prisma.ModelVersionSelect;

export function toModelSummary({ run, ...model }: Prisma.ModelVersionGetPayload<{ select: typeof modelSelect }>): ModelSummary {
  return {
    ...model,
    loopId: run?.round?.loop.id ?? null,
    loopName: run?.round?.loop.name ?? null,
    roundOrdinal: run?.round?.ordinal ?? null,
    imported: model.runId === null,
  };
}

/** Newest first. */
export async function listModels(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof listModelsInput>): Promise<ModelSummary[]> {
  const { projectId, kind } = listModelsInput.parse(input);
  await authorise(deps, actor, projectId, 'model.read');
  const models = await deps.db.modelVersion.findMany({
    where: { projectId, ...(kind ? { kind } : {}) },
    orderBy: { createdAt: 'desc' },
    select: modelSelect,
  });
  return models.map(toModelSummary);
}
