import type { Tx } from '#lib/db/create-db';
import { attemptRecordSchema } from '#lib/domain/quality/attempt-record';

interface TestTask {
  readonly taskId: string;
  readonly mode: 'training' | 'qualification';
}

/**
 * What a person has to do before work: the next task of the attempt at the qualification that runs, else the next
 * training task; null where nothing of the kind waits. The caller leases it (leaseOwnSlot).
 */
export async function nextTestTask(tx: Tx, userId: string, projectId: string): Promise<TestTask | null> {
  const attempt = await tx.qualificationAttempt.findFirst({
    where: { projectId, userId, state: 'RUNNING' },
    orderBy: { startedAt: 'desc' },
    select: { scores: true },
  });
  const tested = attempt && (await firstUnseen(tx, userId, attemptRecordSchema.parse(attempt.scores).taskIds));
  if (tested) return { taskId: tested, mode: 'qualification' };
  const membership = await tx.membership.findUnique({ where: { projectId_userId: { projectId, userId } }, select: { trainedAt: true } });
  if (!membership || membership.trainedAt) return null;
  const training = await tx.task.findMany({
    where: { projectId, purpose: 'TRAINING', status: { not: 'CANCELLED' }, gold: { retiredAt: null } },
    orderBy: [{ priority: 'desc' }, { createdAt: 'asc' }, { id: 'asc' }],
    select: { id: true },
  });
  const ids = training.map(({ id }) => id);
  const trained = await firstUnseen(tx, userId, ids);
  return trained ? { taskId: trained, mode: 'training' } : null;
}

/** The first task that this person neither holds nor has sent. */
async function firstUnseen(tx: Tx, userId: string, taskIds: readonly string[]): Promise<string | null> {
  const seen = await tx.slot.findMany({ where: { taskId: { in: [...taskIds] }, annotatorId: userId }, select: { taskId: true } });
  return taskIds.find((id) => !seen.some(({ taskId }) => taskId === id)) ?? null;
}
