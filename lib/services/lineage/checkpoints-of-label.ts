import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { authorise } from '../people/authorise';

export const checkpointsOfLabelInput = z.strictObject({ annotationId: z.uuid() });

export interface ReachedByLabel {
  readonly checkpoints: readonly { id: string; runId: string; step: number; direct: boolean }[];
  readonly models: readonly { id: string; name: string; kind: string; direct: boolean }[];
}

interface Reached {
  readonly kind: 'CHECKPOINT' | 'MODEL_VERSION';
  readonly id: string;
  readonly direct: boolean;
}

/**
 * Every checkpoint and model that a label reached: all that descends from the snapshots that hold it, and from the policy that it helped to
 * select in a blind comparison.
 */
export async function checkpointsOfLabel(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof checkpointsOfLabelInput>,
): Promise<ReachedByLabel> {
  const { annotationId } = checkpointsOfLabelInput.parse(input);
  const label = await deps.db.annotation.findUnique({ where: { id: annotationId }, select: { task: { select: { projectId: true } } } });
  if (!label) throw new AppError('NOT_FOUND', 'There is no such label.', { details: { annotationId } });
  await authorise(deps, actor, label.task.projectId, 'lineage.read');
  // From a snapshot, depth 1 is the run that trained on it and depth 2 what that run made; from an evaluation, depth 1 is what it selected.
  const reached = await deps.db.$queryRaw<Reached[]>`
    with recursive sources("kind", "id", "depth") as (
      select 'SNAPSHOT'::"NodeKind", sa."snapshotId", 0
      from "SnapshotAnnotation" sa
      where sa."annotationId" = ${annotationId}
    ),
    selected("kind", "id", "depth") as (
      select e."toKind", e."toId", 2
      from "Slot" s
      join "Task" t on t."id" = s."taskId" and t."purpose" = 'EVALUATION'
      join "Run" r on r."roundId" = t."roundId" and r."kind" = 'EVALUATION'
      join "LineageEdge" e on e."fromKind" = 'RUN' and e."fromId" = r."id" and e."kind" = 'SELECTED_BY'
      where s."liveAnnotationId" = ${annotationId}
    ),
    descendants("kind", "id", "depth") as (
      select * from sources
      union
      select * from selected
      union
      select e."toKind", e."toId", least(d."depth" + 1, 3)
      from "LineageEdge" e
      join descendants d on e."fromKind" = d."kind" and e."fromId" = d."id"
    )
    select "kind"::text as "kind", "id", bool_or("depth" = 2) as "direct"
    from descendants
    where "kind" in ('CHECKPOINT', 'MODEL_VERSION')
    group by "kind", "id"`;
  const directOf = new Map(reached.map((node) => [node.id, node.direct]));
  const idsOf = (kind: Reached['kind']) => reached.filter((node) => node.kind === kind).map((node) => node.id);
  const checkpoints = await deps.db.checkpoint.findMany({
    where: { id: { in: idsOf('CHECKPOINT') } },
    orderBy: [{ createdAt: 'asc' }, { step: 'asc' }],
    select: { id: true, runId: true, step: true },
  });
  const models = await deps.db.modelVersion.findMany({
    where: { id: { in: idsOf('MODEL_VERSION') } },
    orderBy: { createdAt: 'asc' },
    select: { id: true, name: true, kind: true },
  });
  const direct = (id: string) => directOf.get(id) ?? false;
  return {
    checkpoints: checkpoints.map((checkpoint) => ({ ...checkpoint, direct: direct(checkpoint.id) })),
    models: models.map((model) => ({ ...model, direct: direct(model.id) })),
  };
}
