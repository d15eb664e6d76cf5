import type { Tx } from '#lib/db/create-db';
import { AppError } from '#lib/errors';

/** An annotation of this person with what undo and correction need. @throws AppError NOT_FOUND for anybody else's */
export async function findOwnAnnotation(db: Tx, userId: string, annotationId: string) {
  const annotation = await db.annotation.findFirst({
    where: { id: annotationId, annotatorId: userId, withdrawsId: null },
    select: {
      taskId: true,
      slotId: true,
      assignmentId: true,
      displayOrder: true,
      surplus: true,
      content: true,
      createdAt: true,
      kind: true,
      guidelineId: true,
      formVersionId: true,
      task: { select: { projectId: true, roundId: true, purpose: true } },
    },
  });
  if (!annotation) throw new AppError('NOT_FOUND', 'This ranking is not yours.');
  return annotation;
}

/** Under the lock of the task. @throws AppError CONFLICT where a later row withdrew or superseded it */
export async function requireLive(tx: Tx, annotationId: string): Promise<void> {
  const later = await tx.annotation.findFirst({
    where: { OR: [{ withdrawsId: annotationId }, { supersedesId: annotationId }] },
    select: { withdrawsId: true },
  });
  if (later) throw new AppError('CONFLICT', later.withdrawsId ? 'This was taken back already.' : 'This was corrected since.');
}
