import type { Tx } from '#lib/db/create-db';
import { attemptRecordSchema } from '#lib/domain/quality/attempt-record';
import { parseQualityPolicy } from '#lib/domain/quality/quality-policy';
import { settleAttempt } from './finish-attempt';
import { settleTraining } from './training-feedback';

export interface TestTask {
  readonly taskId: string;
  readonly mode: 'training' | 'qualification';
}

/**
 * What a person has to do before work: the next task of the attempt at the qualification that runs, else the next
 * training task; null where nothing of the kind waits. What was skipped is passed over: in a test it counts as missed.
 * The caller leases it (leaseOwnSlot).
 */
export async function nextTestTask(tx: Tx, userId: string, projectId: string): Promise<TestTask | null> {
  const attempt = await tx.qualificationAttempt.findFirst({
    where: { projectId, userId, state: 'RUNNING' },
    orderBy: { startedAt: 'desc' },
    select: { id: true, scores: true },
  });
  if (attempt) {
    const { taskIds } = attemptRecordSchema.parse(attempt.scores);
    const { next, skippedLast } = await firstUnseen(tx, userId, taskIds);
    if (next) return { taskId: next, mode: 'qualification' };
    if (skippedLast) await settleAttempt(tx, attempt.id, skippedLast);
  }
  const membership = await tx.membership.findUnique({
    where: { projectId_userId: { projectId, userId } },
    select: { trainedAt: true, project: { select: { labelingPolicy: true } } },
  });
  if (!membership || membership.trainedAt) return null;
  const training = await tx.task.findMany({
    where: { projectId, purpose: 'TRAINING', status: { not: 'CANCELLED' }, gold: { retiredAt: null } },
    orderBy: [{ priority: 'desc' }, { createdAt: 'asc' }, { id: 'asc' }],
    select: { id: true },
  });
  const { next, skippedLast } = await firstUnseen(
    tx,
    userId,
    training.map(({ id }) => id),
  );
  if (next) return { taskId: next, mode: 'training' };
  const { minAgreement } = parseQualityPolicy(membership.project.labelingPolicy).training;
  if (skippedLast) await settleTraining(tx, { projectId, userId, minAgreement, now: skippedLast });
  return null;
}

/** The first task that this person neither holds nor has sent or skipped; and when he skipped one last. */
async function firstUnseen(tx: Tx, userId: string, taskIds: readonly string[]): Promise<{ next: string | null; skippedLast: Date | null }> {
  const [held, skipped] = [
    await tx.slot.findMany({ where: { taskId: { in: [...taskIds] }, annotatorId: userId }, select: { taskId: true } }),
    await tx.assignment.findMany({
      where: { taskId: { in: [...taskIds] }, annotatorId: userId, skipReason: { not: null } },
      orderBy: { releasedAt: 'desc' },
      select: { taskId: true, releasedAt: true },
    }),
  ];
  const seen = new Set([...held, ...skipped].map(({ taskId }) => taskId));
  return { next: taskIds.find((id) => !seen.has(id)) ?? null, skippedLast: skipped[0]?.releasedAt ?? null };
}
