import type { Tx } from '#lib/db/create-db';
import { attemptRecordSchema } from '#lib/domain/quality/attempt-record';

export interface TestTask {
  readonly taskId: string;
  readonly mode: 'training' | 'qualification';
}

/**
 * What a person has to do before work: the next training task not sent yet, else the next task of the attempt at the
 * qualification that runs. Null where nothing of the kind waits. The caller leases it (leaseOwnSlot).
 */
export async function nextTestTask(tx: Tx, userId: string, projectId: string): Promise<TestTask | null> {
  const attempt = await tx.qualificationAttempt.findFirst({
    where: { projectId, userId, state: 'RUNNING' },
    orderBy: { startedAt: 'desc' },
    select: { scores: true },
  });
  if (attempt) {
    const { taskIds } = attemptRecordSchema.parse(attempt.scores);
    const taskId = await firstUnsent(tx, userId, taskIds);
    if (taskId) return { taskId, mode: 'qualification' };
  }
  const membership = await tx.membership.findUnique({ where: { projectId_userId: { projectId, userId } }, select: { trainedAt: true } });
  if (!membership || membership.trainedAt) return null;
  const training = await tx.task.findMany({
    where: { projectId, purpose: 'TRAINING', status: { not: 'CANCELLED' }, gold: { retiredAt: null } },
    orderBy: [{ priority: 'desc' }, { createdAt: 'asc' }, { id: 'asc' }],
    select: { id: true },
  });
  const taskId = await firstUnsent(
    tx,
    userId,
    training.map(({ id }) => id),
  );
  return taskId ? { taskId, mode: 'training' } : null;
}

async function firstUnsent(tx: Tx, userId: string, taskIds: readonly string[]): Promise<string | null> {
  const sent = await tx.slot.findMany({
    where: { taskId: { in: [...taskIds] }, annotatorId: userId, liveAnnotationId: { not: null } },
    select: { taskId: true },
  });
  return taskIds.find((id) => !sent.some(({ taskId }) => taskId === id)) ?? null;
}
