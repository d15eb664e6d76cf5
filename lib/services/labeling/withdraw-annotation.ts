import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import { Prisma } from '#lib/db/generated/client';
import type { Actor } from '#lib/domain/actor';
import { leaseExpiry } from '#lib/domain/assignment';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { afterLabel } from '#lib/services/review/after-label';
import { oneLess } from './count-work';
import { findOwnAnnotation, requireLive } from './find-own-annotation';
import { type AssignmentView, loadAssignmentView } from './get-assignment-view';
import { idempotencyKeySchema } from './submit-annotation';
import { findAcknowledgement, lockTask, writeAnnotation } from './write-annotation';

export const withdrawAnnotationInput = z.strictObject({ annotationId: z.uuid(), idempotencyKey: idempotencyKeySchema });

/**
 * Undo after the acknowledgement: a new row withdraws the annotation, and the task is open again for the same person,
 * with what he had sent as its draft. Null where no slot was filled by it (surplus): then nothing opens again.
 * @throws AppError PRECONDITION once the round has moved on; CONFLICT where it was withdrawn or corrected already
 */
export async function withdrawAnnotation(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof withdrawAnnotationInput>,
): Promise<AssignmentView | null> {
  const { annotationId, idempotencyKey } = withdrawAnnotationInput.parse(input);
  const userId = requireUser(actor);
  const annotation = await findOwnAnnotation(deps.db, userId, annotationId);
  const { taskId, assignmentId, slotId, kind, guidelineId, formVersionId } = annotation;
  const { projectId, purpose } = annotation.task;
  await authorise(deps, actor, annotation.task.projectId, 'labeling.annotate');
  const now = deps.clock.now();

  const opened = await deps.db.$transaction(async (tx) => {
    await lockTask(tx, taskId);
    const opens = slotId !== null && assignmentId !== null;
    if (await findAcknowledgement(tx, userId, idempotencyKey, { withdrawsId: annotationId })) return opens;
    await requireLive(tx, annotationId);
    if (slotId) await tx.$queryRaw`select 1 from "Slot" where "id" = ${slotId} for update`;
    if (annotation.task.roundId) await requireWaiting(tx, annotation.task.roundId, annotation.task.purpose);
    await writeAnnotation(
      tx,
      {
        taskId,
        slotId,
        assignmentId,
        annotatorId: userId,
        kind,
        guidelineId,
        formVersionId,
        content: {},
        displayOrder: annotation.displayOrder,
        idempotencyKey,
        surplus: annotation.surplus,
        activeMs: 0,
        withdrawsId: annotationId,
      },
      now,
    );
    await oneLess(tx, { userId, projectId, purpose }, annotation.createdAt);
    await afterLabel(tx, { taskId, now, label: null, hintAt: null });
    if (!opens) return false;
    const expiresAt = leaseExpiry(now, false);
    await tx.slot.update({ where: { id: slotId }, data: { state: 'LEASED', liveAnnotationId: null, leaseExpiresAt: expiresAt } });
    await tx.assignment.update({
      where: { id: assignmentId },
      data: {
        slotId,
        submittedAt: null,
        releasedAt: null,
        expiresAt,
        heartbeatAt: now,
        // A conversation stays with the vote that judged it; the next one begins anew.
        draft: kind === 'CHAT' ? Prisma.DbNull : JSON.parse(JSON.stringify(annotation.content)),
        draftSavedAt: now,
      },
    });
    await tx.task.updateMany({ where: { id: taskId, status: 'DONE' }, data: { status: 'OPEN' } });
    await comeByAgain(tx, taskId, now);
    return true;
  });
  return opened && assignmentId ? loadAssignmentView(deps.db, userId, assignmentId, now) : null;
}

/** The other slots of the task go where this person's cursors still come by: should he lose this one, one of them may be his. */
async function comeByAgain(tx: Tx, taskId: string, now: Date): Promise<void> {
  await tx.$executeRaw`
    update "Slot" set "position" = case when "state" = 'FREE' then "next_slot_position"("laneId") else "position" end,
      "leaseExpiresAt" = case when "state" = 'LEASED' then ${now}::timestamp end
    where "taskId" = ${taskId} and "laneId" is not null and ("state" = 'FREE' or ("state" = 'LEASED' and "leaseExpiresAt" < ${now}::timestamp))`;
}

/** A round that is frozen or decided keeps what it stands on. */
async function requireWaiting(tx: Tx, roundId: string, purpose: string): Promise<void> {
  const [round] = await tx.$queryRaw<{ stage: string; status: string }[]>`
    select "stage"::text as "stage", "status"::text as "status" from "Round" where "id" = ${roundId} for update`;
  if (round?.stage !== purpose || round.status !== 'WAITING') {
    throw new AppError('PRECONDITION', 'The round has moved on with this answer; it can no longer be taken back.', {
      remedy: 'Correct it instead: the correction counts from the next round on.',
    });
  }
}
