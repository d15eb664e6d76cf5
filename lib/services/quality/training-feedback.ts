import type { Tx } from '#lib/db/create-db';
import type { QualityPolicy } from '#lib/domain/quality/quality-policy';
import type { CheckedAnnotation, CheckedTask } from './check-expected';
import { noteMembership } from './pause';

/** What a person is told after a training task: the right answer, why, and how far the own one agrees. */
export interface TrainingFeedback {
  readonly answer: unknown;
  readonly explanation: string;
  /** Null for what cannot be compared (free text). */
  readonly agreement: number | null;
  readonly done: number;
  readonly of: number;
  /** All of the training is done, as well as the project asks for. */
  readonly trained: boolean;
}

export async function trainingFeedback(
  tx: Tx,
  task: CheckedTask,
  policy: QualityPolicy,
  { annotatorId: userId, annotationId, now }: CheckedAnnotation,
): Promise<TrainingFeedback> {
  const gold = await tx.goldAnswer.findUnique({ where: { taskId: task.id }, select: { content: true, explanation: true } });
  const check = await tx.annotationCheck.findUnique({ where: { annotationId }, select: { agreement: true } });
  const { minAgreement } = policy.training;
  const standing = await settleTraining(tx, { projectId: task.projectId, userId, minAgreement, now });
  return { answer: gold?.content ?? null, explanation: gold?.explanation ?? '', agreement: check?.agreement ?? null, ...standing };
}

interface TrainingOf {
  readonly projectId: string;
  readonly userId: string;
  /** Mean agreement that the training as a whole asks for. */
  readonly minAgreement: number;
  readonly now: Date;
}

/** Where the person stands in the training; he is trained once nothing of it is left and it went well enough. */
async function settleTraining(
  tx: Tx,
  { projectId, userId, minAgreement, now }: TrainingOf,
): Promise<{ done: number; of: number; trained: boolean }> {
  const [standing] = await tx.$queryRaw<{ of: number; done: number; agreement: number | null }[]>`
    select count(*)::int as "of",
      (count(*) filter (where exists (select 1 from "Annotation" a where a."taskId" = t."id" and a."annotatorId" = ${userId})))::int as "done",
      avg((select c."agreement" from "AnnotationCheck" c where c."taskId" = t."id" and c."annotatorId" = ${userId} and c."voidedAt" is null limit 1))
        as "agreement"
    from "Task" t join "GoldAnswer" g on g."taskId" = t."id"
    where t."projectId" = ${projectId} and t."purpose" = 'TRAINING' and t."status" <> 'CANCELLED' and g."retiredAt" is null`;
  const { of = 0, done = 0, agreement = null } = standing ?? {};
  const trained = done >= of && (agreement ?? 1) >= minAgreement;
  if (trained) {
    const { count } = await tx.membership.updateMany({ where: { projectId, userId, trainedAt: null }, data: { trainedAt: now } });
    if (count === 1) await noteMembership(tx, { projectId, userId, kind: 'trained', data: { tasks: of, agreement }, actorId: null, now });
  }
  return { done, of, trained };
}
