import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { parseAnnotationContent } from '#lib/domain/annotation-content';
import { storableText } from '#lib/domain/prompts';
import { errorCategorySchema } from '#lib/domain/review/error-categories';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { authorise, requireUser } from '../people/authorise';
import { loadReviewTask } from './load-review-task';

export const decideReviewInput = z.strictObject({
  taskId: z.uuid(),
  content: z.unknown(),
  reason: storableText.trim().min(1, 'say why: the annotators learn from it').max(2000),
  errors: z
    .array(z.strictObject({ annotationId: z.uuid(), category: errorCategorySchema, note: storableText.trim().max(500).optional() }))
    .max(200)
    .default([]),
});

/**
 * What holds of a task, after his own judgement and a look at all labels, with a reason. No label changes; a task has one decision.
 * @throws AppError PRECONDITION before his own judgement; CONFLICT where another decided meanwhile; BAD_INPUT where an error names no label of the task
 */
export async function decideReview(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof decideReviewInput>,
): Promise<{ reviewId: string; decidedAt: Date }> {
  const { taskId, content, reason, errors } = decideReviewInput.parse(input);
  const reviewerId = requireUser(actor);
  const task = await loadReviewTask(deps.db, taskId, reviewerId);
  await authorise(deps, actor, task.projectId, 'review.judge');
  const decision = parseAnnotationContent(task.form.spec, task, content);
  const decidedAt = deps.clock.now();
  return deps.db.$transaction(async (tx) => {
    // Of two reviewers who decide at once the second sees the first.
    await tx.$queryRaw`select 1 from "Task" where "id" = ${taskId} for no key update`;
    const reviews = await tx.review.findMany({ where: { taskId }, select: { id: true, reviewerId: true, decidedAt: true } });
    const own = reviews.find((review) => review.reviewerId === reviewerId);
    if (!own) throw new AppError('PRECONDITION', 'Judge the task yourself first; then you see the labels and decide.');
    if (reviews.some((review) => review.decidedAt !== null)) throw new AppError('CONFLICT', 'This task was decided already.');
    const known = await tx.annotation.findMany({
      where: { taskId, id: { in: errors.map(({ annotationId }) => annotationId) } },
      select: { id: true },
    });
    const unknown = errors.filter(({ annotationId }) => !known.some(({ id }) => id === annotationId));
    if (unknown.length > 0)
      throw new AppError('BAD_INPUT', 'An error names a label of another task.', {
        details: { unknown: unknown.map(({ annotationId }) => annotationId) },
      });
    await tx.review.update({
      where: { id: own.id },
      data: { decision: JSON.parse(JSON.stringify(decision)), reason, errors: JSON.parse(JSON.stringify(errors)), decidedAt },
    });
    return { reviewId: own.id, decidedAt };
  });
}
