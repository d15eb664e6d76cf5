import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { AnnotationContent } from '#lib/domain/annotation-content';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { findOwnAnnotation, requireLive } from './find-own-annotation';
import { type AssignmentView, loadAssignmentView } from './get-assignment-view';

export const openOwnAnnotationInput = z.strictObject({ projectId: z.uuid(), annotationId: z.uuid() });

/**
 * A person's own annotation with its task as it was shown, to be corrected (`correctAnnotation`).
 * @throws AppError NOT_FOUND for anybody else's; CONFLICT where it was taken back or corrected since
 */
export async function openOwnAnnotation(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof openOwnAnnotationInput>,
): Promise<{ view: AssignmentView; content: AnnotationContent }> {
  const { projectId, annotationId } = openOwnAnnotationInput.parse(input);
  const userId = requireUser(actor);
  const { assignmentId, content, kind, task } = await findOwnAnnotation(deps.db, userId, annotationId);
  await authorise(deps, actor, task.projectId, 'labeling.annotate');
  if (task.projectId !== projectId || assignmentId === null) throw new AppError('NOT_FOUND', 'This answer is not of this project.');
  if (kind === 'CHAT') {
    throw new AppError('PRECONDITION', 'The names of the models were shown after this vote, so it can no longer be changed.');
  }
  await requireLive(deps.db, annotationId);
  const view = await loadAssignmentView(deps.db, userId, assignmentId, deps.clock.now());
  return { view: { ...view, draft: null }, content: content as AnnotationContent };
}
