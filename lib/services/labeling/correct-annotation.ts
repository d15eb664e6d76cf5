import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { checkAnnotation } from '#lib/services/quality/check-annotation';
import { afterLabel } from '#lib/services/review/after-label';
import { findOwnAnnotation, requireLive } from './find-own-annotation';
import { parseSubmission } from './parse-submission';
import { activeMsSchema, idempotencyKeySchema } from './submit-annotation';
import { type Acknowledgement, findAcknowledgement, lockTask, writeAnnotation } from './write-annotation';

export const correctAnnotationInput = z.strictObject({
  annotationId: z.uuid(),
  idempotencyKey: idempotencyKeySchema,
  content: z.unknown(),
  activeMs: activeMsSchema,
});

/**
 * A new annotation takes the place of an earlier one of the same person; the earlier one stays on record, and in every
 * snapshot that holds it. Snapshots frozen from now on hold the new one.
 * @throws AppError CONFLICT where it was withdrawn or corrected already
 */
export async function correctAnnotation(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof correctAnnotationInput>,
): Promise<Acknowledgement & { supersedesId: string }> {
  const { annotationId, idempotencyKey, content, activeMs } = correctAnnotationInput.parse(input);
  const userId = requireUser(actor);
  const annotation = await findOwnAnnotation(deps.db, userId, annotationId);
  const { taskId, slotId, assignmentId, displayOrder, surplus, kind, guidelineId, formVersionId } = annotation;
  await authorise(deps, actor, annotation.task.projectId, 'labeling.annotate');
  if (annotation.kind === 'CHAT') {
    throw new AppError('PRECONDITION', 'The names of the models were shown after this vote, so it can no longer be changed.');
  }
  const parsed = await parseSubmission(deps.db, { taskId, displayOrder }, content);

  const acknowledgement = await deps.db.$transaction(async (tx) => {
    await lockTask(tx, taskId);
    const before = await findAcknowledgement(tx, userId, idempotencyKey, { supersedesId: annotationId });
    if (before) return before;
    await requireLive(tx, annotationId);
    const now = deps.clock.now();
    const acknowledged = await writeAnnotation(
      tx,
      {
        taskId,
        slotId,
        assignmentId,
        annotatorId: userId,
        kind,
        guidelineId,
        formVersionId,
        content: parsed,
        displayOrder,
        idempotencyKey,
        surplus,
        activeMs,
        supersedesId: annotationId,
      },
      now,
    );
    if (slotId) await tx.slot.update({ where: { id: slotId }, data: { liveAnnotationId: acknowledged.annotationId } });
    await checkAnnotation(tx, { annotationId: acknowledged.annotationId, taskId, annotatorId: userId, content: parsed, activeMs, now });
    await afterLabel(tx, { taskId, now, label: null, hintAt: null });
    return acknowledged;
  });
  return { ...acknowledgement, supersedesId: annotationId };
}
