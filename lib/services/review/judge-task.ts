import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { parseAnnotationContent } from '#lib/domain/annotation-content';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { authorise, requireUser } from '../people/authorise';
import { loadReviewTask, requireNotAnnotator } from './load-review-task';

export const judgeTaskInput = z.strictObject({ taskId: z.uuid(), content: z.unknown() });

/**
 * The reviewer's own judgement, made before he sees a label. It stays as it is; from now on the task is never given to him to annotate.
 * @throws AppError CONFLICT where he judged it already; PRECONDITION where he labelled it
 */
export async function judgeTask(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof judgeTaskInput>,
): Promise<{ reviewId: string }> {
  const { taskId, content } = judgeTaskInput.parse(input);
  const reviewerId = requireUser(actor);
  const task = await loadReviewTask(deps.db, taskId, reviewerId);
  await authorise(deps, actor, task.projectId, 'review.judge');
  if (task.kind === 'CHAT') throw new AppError('PRECONDITION', 'A conversation is judged by the person who led it; it is not reviewed.');
  await requireNotAnnotator(deps.db, taskId, reviewerId);
  const judgement = parseAnnotationContent(task.form.spec, task, content);
  const { count } = await deps.db.review.createMany({
    data: [{ projectId: task.projectId, taskId, reviewerId, judgement: JSON.parse(JSON.stringify(judgement)), judgedAt: deps.clock.now() }],
    skipDuplicates: true,
  });
  if (count === 0) throw new AppError('CONFLICT', 'You have judged this task already.', { remedy: 'Go on to decide it.' });
  const { id } = await deps.db.review.findUniqueOrThrow({ where: { taskId_reviewerId: { taskId, reviewerId } }, select: { id: true } });
  return { reviewId: id };
}
