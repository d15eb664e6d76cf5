import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { EdgeKind } from '#lib/domain/lineage';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { authorise } from '../people/authorise';
import { type ModelSummary, modelSelect, toModelSummary } from './list-models';

export const getModelInput = z.strictObject({ modelId: z.uuid() });

interface Relative {
  readonly kind: EdgeKind;
  readonly id: string;
  readonly name: string;
}

export interface ModelView extends ModelSummary {
  readonly files: readonly { name: string; sha256: string; size: number }[];
  readonly weightsHash: string;
  readonly card: Record<string, unknown>;
  /** Models that the run which made it used. */
  readonly parents: readonly Relative[];
  /** Models made by runs that used it. */
  readonly children: readonly Relative[];
}

export async function getModel(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof getModelInput>): Promise<ModelView> {
  const { modelId } = getModelInput.parse(input);
  const model = await deps.db.modelVersion.findUnique({
    where: { id: modelId },
    select: { ...modelSelect, projectId: true, files: true, weightsHash: true, card: true },
  });
  if (!model) throw new AppError('NOT_FOUND', 'There is no such model.', { details: { modelId } });
  const { projectId, files, weightsHash, card, ...rest } = model;
  await authorise(deps, actor, projectId, 'model.read');
  const addresses = z.record(z.string(), z.string()).parse(files);
  const artifacts = await deps.db.artifact.findMany({ where: { sha256: { in: Object.values(addresses) } } });
  const sizes = new Map(artifacts.map((artifact) => [artifact.sha256, Number(artifact.size)]));
  const parents = await deps.db.$queryRaw<Relative[]>`
    select distinct e."kind"::text as "kind", m."id", m."name"
    from "LineageEdge" made
    join "LineageEdge" e on e."toKind" = 'RUN' and e."toId" = made."fromId" and e."fromKind" = 'MODEL_VERSION'
    join "ModelVersion" m on m."id" = e."fromId"
    where made."toKind" = 'MODEL_VERSION' and made."toId" = ${modelId} and made."fromKind" = 'RUN' and made."kind" = 'GENERATED_BY'`;
  const children = await deps.db.$queryRaw<Relative[]>`
    select distinct e."kind"::text as "kind", m."id", m."name"
    from "LineageEdge" e
    join "LineageEdge" made on made."fromKind" = 'RUN' and made."fromId" = e."toId" and made."toKind" = 'MODEL_VERSION' and made."kind" = 'GENERATED_BY'
    join "ModelVersion" m on m."id" = made."toId"
    where e."fromKind" = 'MODEL_VERSION' and e."fromId" = ${modelId} and e."toKind" = 'RUN'`;
  return {
    ...toModelSummary(rest),
    files: Object.entries(addresses).map(([name, sha256]) => ({ name, sha256, size: sizes.get(sha256) ?? 0 })),
    weightsHash,
    card: z.record(z.string(), z.unknown()).catch({}).parse(card),
    parents,
    children,
  };
}
