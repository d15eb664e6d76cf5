import type { Tx } from '#lib/db/create-db';
import type { AnnotationContent } from '#lib/domain/annotation-content';
import { refreshTask } from './refresh-task';
import { type RewardHintView, rewardHint } from './reward-hint';

interface LabelledTask {
  readonly taskId: string;
  readonly now: Date;
  /** The label just written; null where one was taken back or corrected: then nobody is asked anything. */
  readonly label: { readonly annotationId: string; readonly content: AnnotationContent } | null;
  /** From which probability of the opposite on the person is asked; null: never. */
  readonly hintAt: number | null;
}

/**
 * Call in the transaction that wrote, corrected or withdrew a label, after the slot names its live annotation. One look-up for a task that is
 * labelled once and not scored.
 */
export async function afterLabel(tx: Tx, { taskId, now, label, hintAt }: LabelledTask): Promise<RewardHintView | null> {
  const [standing] = await tx.$queryRaw<{ labels: number; ordered: boolean; scored: boolean }[]>`
    select (select count(*)::int from "Slot" s where s."taskId" = t."id" and s."liveAnnotationId" is not null) as "labels",
      (t."disagreement" is not null or t."surprise" is not null) as "ordered",
      exists (select 1 from "TaskResponse" tr join "ResponseScore" x on x."responseId" = tr."responseId" where tr."taskId" = t."id") as "scored"
    from "Task" t where t."id" = ${taskId}`;
  if (!standing || (standing.labels < 2 && !standing.ordered && !standing.scored)) return null;
  await refreshTask(tx, taskId);
  if (label === null || hintAt === null || !standing.scored) return null;
  return rewardHint(tx, { ...label, taskId, now }, hintAt);
}
