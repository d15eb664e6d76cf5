import type { Statements } from '#lib/db/direct-db';
import { attemptRecordSchema } from '#lib/domain/quality/attempt-record';

interface TestTask {
  readonly taskId: string;
  readonly mode: 'training' | 'qualification';
}

/**
 * What a person has to do before work: the next task of the attempt at the qualification that runs, else the next
 * training task; null where nothing of the kind waits. The caller leases it (leaseOwnSlot).
 */
export async function nextTestTask(tx: Statements, userId: string, projectId: string): Promise<TestTask | null> {
  const [attempt] = await tx.$queryRaw<{ scores: unknown }[]>`
    select "scores" from "QualificationAttempt"
    where "projectId" = ${projectId} and "userId" = ${userId} and "state" = 'RUNNING' order by "startedAt" desc limit 1`;
  const tested = attempt && (await firstUnseen(tx, userId, attemptRecordSchema.parse(attempt.scores).taskIds));
  if (tested) return { taskId: tested, mode: 'qualification' };
  const training = await tx.$queryRaw<{ id: string }[]>`
    select t."id" from "Task" t
    join "GoldAnswer" g on g."taskId" = t."id"
    join "Membership" m on m."projectId" = t."projectId" and m."userId" = ${userId}
    where t."projectId" = ${projectId} and t."purpose" = 'TRAINING' and t."status" <> 'CANCELLED' and g."retiredAt" is null
      and m."trainedAt" is null
    order by t."priority" desc, t."createdAt", t."id"`;
  const ids = training.map(({ id }) => id);
  const trained = await firstUnseen(tx, userId, ids);
  return trained ? { taskId: trained, mode: 'training' } : null;
}

/** The first task that this person neither holds nor has sent. */
async function firstUnseen(tx: Statements, userId: string, taskIds: readonly string[]): Promise<string | null> {
  const seen = await tx.$queryRaw<{ taskId: string }[]>`
    select "taskId" from "Slot" where "taskId" = any(${[...taskIds]}) and "annotatorId" = ${userId}`;
  return taskIds.find((id) => !seen.some(({ taskId }) => taskId === id)) ?? null;
}
