import type { Tx } from '#lib/db/create-db';
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
export async function rewardHint(tx: Tx, submitted: Submitted, atLeast: number): Promise<RewardHintView | null> {
  const comparison = comparisonOf(submitted.content);
  if (comparison === null) return null;
  const scores = await loadScores(tx, submitted.taskId);
  const surprise = scores && labelSurprise(comparison, scores);
  if (!surprise || surprise.strongest.probability < atLeast) return null;
  const { chosen, rejected, probability } = surprise.strongest;
  const latest = await tx.run.findFirst({
    where: { kind: 'SCORING', project: { tasks: { some: { id: submitted.taskId } } } },
    orderBy: { createdAt: 'desc' },
    select: { inputs: true },
  });
  const modelVersionId = firstModel(latest?.inputs);
  await tx.rewardHint.create({
    data: { annotationId: submitted.annotationId, modelVersionId, probability, pair: { chosen, rejected }, shownAt: submitted.now },
  });
  return { annotationId: submitted.annotationId, chosen, rejected };
}

function firstModel(inputs: unknown): string {
  const ids = typeof inputs === 'object' && inputs !== null && 'rewardModelIds' in inputs ? inputs.rewardModelIds : [];
  return Array.isArray(ids) ? String(ids[0] ?? '') : '';
}
