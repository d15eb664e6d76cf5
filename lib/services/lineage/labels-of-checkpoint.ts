import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { authorise } from '../people/authorise';

export const labelsOfCheckpointInput = z.union([z.strictObject({ checkpointId: z.uuid() }), z.strictObject({ modelId: z.uuid() })]);

export interface ReachingLabel {
  readonly annotationId: string;
  /** trained: through a snapshot that something was trained on. selected: through a blind comparison that chose the policy it began from. */
  readonly way: 'trained' | 'selected';
  /** The run that made the checkpoint was itself trained on the label's snapshot; else it came through other models. */
  readonly direct: boolean;
}

/**
 * Every label that reached a checkpoint or a model: all annotations of the snapshots among its ancestors, and those of the comparisons that
 * selected an ancestor.
 */
export async function labelsOfCheckpoint(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof labelsOfCheckpointInput>,
): Promise<ReachingLabel[]> {
  const node = labelsOfCheckpointInput.parse(input);
  const kind = 'checkpointId' in node ? 'CHECKPOINT' : 'MODEL_VERSION';
  const id = 'checkpointId' in node ? node.checkpointId : node.modelId;
  await authorise(deps, actor, await projectOf(deps, node), 'lineage.read');
  // Depth 1 is the run that made the node, depth 2 what that run used.
  return deps.db.$queryRaw<ReachingLabel[]>`
    with recursive ancestors("kind", "id", "depth", "edge") as (
      select e."fromKind", e."fromId", 1, e."kind"
      from "LineageEdge" e
      where e."toKind" = ${kind}::"NodeKind" and e."toId" = ${id}
      union
      select e."fromKind", e."fromId", least(a."depth" + 1, 3), e."kind"
      from "LineageEdge" e
      join ancestors a on e."toKind" = a."kind" and e."toId" = a."id"
    ),
    trained as (
      select sa."annotationId", bool_or(a."depth" = 2) as "direct"
      from ancestors a
      join "SnapshotAnnotation" sa on sa."snapshotId" = a."id"
      where a."kind" = 'SNAPSHOT'
      group by sa."annotationId"
    ),
    selected as (
      select distinct n."id" as "annotationId", a."depth" = 1 as "direct"
      from ancestors a
      join "Run" r on r."id" = a."id"
      join "Task" t on t."roundId" = r."roundId" and t."purpose" = 'EVALUATION'
      join "Slot" s on s."taskId" = t."id"
      join "Annotation" n on n."id" = s."liveAnnotationId"
      where a."kind" = 'RUN' and a."edge" = 'SELECTED_BY'
    )
    select "annotationId", 'trained' as "way", "direct" from trained
    union all
    select "annotationId", 'selected', bool_or("direct") from selected group by "annotationId"
    order by "annotationId", "way"`;
}

async function projectOf(deps: Pick<Deps, 'db'>, node: z.infer<typeof labelsOfCheckpointInput>): Promise<string> {
  if ('modelId' in node) {
    const model = await deps.db.modelVersion.findUnique({ where: { id: node.modelId }, select: { projectId: true } });
    if (!model) throw new AppError('NOT_FOUND', 'There is no such model.', { details: node });
    return model.projectId;
  }
  const checkpoint = await deps.db.checkpoint.findUnique({
    where: { id: node.checkpointId },
    select: { run: { select: { projectId: true } } },
  });
  if (!checkpoint) throw new AppError('NOT_FOUND', 'There is no such checkpoint.', { details: node });
  return checkpoint.run.projectId;
}
