import type { Tx } from '#lib/db/create-db';
import { type AttemptRecord, attemptRecordSchema } from '#lib/domain/quality/attempt-record';
import { type AttemptVerdict, judgeAttempt, qualificationSpecSchema, type ScoredTask } from '#lib/domain/quality/qualification';
import type { CheckedAnnotation, CheckedTask } from './check-expected';
import { noteMembership } from './pause';

/** Where the last task of an attempt was sent: passed, failed, or waiting for a reviewer's ratings. */
export async function finishAttemptIfDone(
  tx: Tx,
  task: CheckedTask,
  { annotatorId: userId, taskId, now }: CheckedAnnotation,
): Promise<void> {
  const attempts = await tx.qualificationAttempt.findMany({
    where: { projectId: task.projectId, userId, state: { in: ['RUNNING', 'WAITING'] } },
    select: { id: true, scores: true },
  });
  const attempt = attempts.find(({ scores }) => attemptRecordSchema.parse(scores).taskIds.includes(taskId));
  if (attempt) await settleAttempt(tx, attempt.id, now);
}

/** Judges an attempt anew under its lock; does nothing while tasks are missing or after it was decided. */
export async function settleAttempt(tx: Tx, attemptId: string, now: Date): Promise<AttemptVerdict | null> {
  await tx.$queryRaw`select 1 from "QualificationAttempt" where "id" = ${attemptId} for update`;
  const attempt = await tx.qualificationAttempt.findUniqueOrThrow({
    where: { id: attemptId },
    include: { test: { select: { spec: true } } },
  });
  if (attempt.state === 'PASSED' || attempt.state === 'FAILED') return null;
  const record = attemptRecordSchema.parse(attempt.scores);
  const { projectId, userId } = attempt;
  const tasks = await loadScored(tx, userId, record);
  if (tasks.length < record.taskIds.length) return null;
  const verdict = judgeAttempt(qualificationSpecSchema.parse(attempt.test.spec), tasks);
  const decided = verdict.state !== 'WAITING';
  const scores: AttemptRecord = { ...record, reached: verdict.scores };
  await tx.qualificationAttempt.update({
    where: { id: attemptId },
    data: { state: verdict.state, scores, finishedAt: decided ? now : null },
  });
  if (!decided) return verdict;
  const data = { attemptId, ...verdict.scores };
  const kind = verdict.state === 'PASSED' ? 'qualified' : 'not-qualified';
  if (kind === 'qualified') {
    await tx.membership.update({ where: { projectId_userId: { projectId, userId } }, data: { qualifiedAt: now } });
  }
  await noteMembership(tx, { projectId, userId, kind, data, actorId: null, now });
  return verdict;
}

/** The tasks of the attempt that were sent. */
async function loadScored(tx: Tx, userId: string, { taskIds, ratings }: AttemptRecord): Promise<ScoredTask[]> {
  const tasks = await tx.task.findMany({
    where: { id: { in: taskIds }, slots: { some: { annotatorId: userId, liveAnnotationId: { not: null } } } },
    select: { id: true, kind: true },
  });
  const checks = await tx.annotationCheck.findMany({
    where: { taskId: { in: taskIds }, annotatorId: userId, voidedAt: null },
    select: { taskId: true, agreement: true, compared: true },
  });
  return tasks.map(({ id, kind }) => {
    const check = checks.find(({ taskId }) => taskId === id);
    return { kind, agreement: check?.agreement ?? null, compared: check?.compared ?? 0, rating: ratings[id] ?? null };
  });
}
