import type { Statements } from '#lib/db/direct-db';
import { type AnnotationContent, comparisonOf } from '#lib/domain/annotation-content';
import { labelSurprise } from '#lib/domain/review/surprise';
import { loadScores } from './refresh-task';

/** "The reward ensemble strongly disagrees": said in the answer to a submission, never before it. No score, no model. */
export interface RewardHintView {
  readonly annotationId: string;
  /** Response ids: what the person preferred, and what the ensemble would. */
  readonly chosen: string;
  readonly rejected: string;
}

interface Submitted {
  readonly annotationId: string;
  readonly taskId: string;
  readonly content: AnnotationContent;
  readonly now: Date;
}

/**
 * Call after the annotation's row is written. The label stays as it is whatever the person answers; the hint is kept beside it, so that
 * training can leave hinted corrections out and a lead sees how often people follow the model.
 * @param atLeast the ensemble's probability of the opposite from which on it is said
 */
export async function rewardHint(tx: Statements, submitted: Submitted, atLeast: number): Promise<RewardHintView | null> {
  const comparison = comparisonOf(submitted.content);
  if (comparison === null) return null;
  const scores = await loadScores(tx, submitted.taskId);
  const surprise = scores && labelSurprise(comparison, scores);
  if (!surprise || surprise.strongest.probability < atLeast) return null;
  const { chosen, rejected, probability } = surprise.strongest;
  await tx.$executeRaw`
    insert into "RewardHint" ("annotationId", "modelVersionId", "probability", "pair", "shownAt")
    values (${submitted.annotationId}, ${await lastScorer(tx, submitted.taskId)}, ${probability}, ${JSON.stringify({ chosen, rejected })}::jsonb,
      ${submitted.now}::timestamp)`;
  return { annotationId: submitted.annotationId, chosen, rejected };
}

/** The first member of the ensemble that scored the task's project last. */
async function lastScorer(tx: Statements, taskId: string): Promise<string> {
  const [scoring] = await tx.$queryRaw<{ id: string | null }[]>`
    select r."inputs"->'rewardModelIds'->>0 as "id" from "Run" r join "Task" t on t."projectId" = r."projectId"
    where t."id" = ${taskId} and r."kind" = 'SCORING' order by r."createdAt" desc limit 1`;
  return scoring?.id ?? '';
}
