import type { Statements } from '#lib/db/direct-db';
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
  /** What is known of the task's labels with this one; looked up where it is not given. */
  readonly standing?: LabelStanding;
}

export interface LabelStanding {
  /** Slots of the task that are filled. */
  readonly labels: number;
  /** The task has its place in the order of review. */
  readonly ordered: boolean;
  /** A reward ensemble has scored its answers. */
  readonly scored: boolean;
}

/**
 * Call in the transaction that wrote, corrected or withdrew a label, after the slot names its live annotation. Nothing is to be done for a
 * task that is labelled once and not scored.
 */
export async function afterLabel(tx: Statements, { taskId, now, label, hintAt, standing }: LabelledTask): Promise<RewardHintView | null> {
  const found = standing ?? (await labelStanding(tx, taskId));
  if (!hasFollowUp(found)) return null;
  await refreshTask(tx, taskId);
  if (label === null || hintAt === null || !found.scored) return null;
  return rewardHint(tx, { ...label, taskId, now }, hintAt);
}

/** Whether `afterLabel` has anything to do. */
export function hasFollowUp({ labels, ordered, scored }: LabelStanding): boolean {
  return labels >= 2 || ordered || scored;
}

async function labelStanding(tx: Statements, taskId: string): Promise<LabelStanding> {
  const [standing] = await tx.$queryRaw<[LabelStanding]>`
    select (select count(*)::int from "Slot" s where s."taskId" = t."id" and s."liveAnnotationId" is not null) as "labels",
      (t."disagreement" is not null or t."surprise" is not null) as "ordered",
      exists (select 1 from "TaskResponse" tr join "ResponseScore" x on x."responseId" = tr."responseId" where tr."taskId" = t."id") as "scored"
    from "Task" t where t."id" = ${taskId}`;
  return standing;
}
