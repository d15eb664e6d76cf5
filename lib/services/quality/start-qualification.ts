import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import type { AttemptRecord } from '#lib/domain/quality/attempt-record';
import { type QualificationSpec, qualificationSpecSchema } from '#lib/domain/quality/qualification';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { copyTask } from './copy-task';
import { lockMembership } from './pause';

export const startQualificationInput = z.strictObject({
  projectId: z.uuid(),
  /** By topic: how well the person can judge it, 0 (not at all) to 3 (works in it). */
  topics: z.record(z.string(), z.int().min(0).max(3)).default({}),
});

/**
 * Begins an attempt: the tasks of the test as copies for this person alone, which claiming then hands out one after the
 * other. A running attempt is gone on with.
 * @throws AppError PRECONDITION where there is no test, or no attempt is left now
 */
export async function startQualification(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof startQualificationInput>,
): Promise<{ attemptId: string; tasks: number }> {
  const { projectId, topics } = startQualificationInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.annotate');
  const userId = requireUser(actor);
  const now = deps.clock.now();
  return deps.db.$transaction(async (tx) => {
    await lockMembership(tx, projectId, userId);
    const running = await tx.qualificationAttempt.findFirst({
      where: { projectId, userId, state: 'RUNNING' },
      select: { id: true, test: { select: { taskIds: true } } },
    });
    if (running) return { attemptId: running.id, tasks: running.test.taskIds.length };
    const test = await tx.qualificationTest.findFirst({ where: { projectId }, orderBy: { version: 'desc' } });
    if (!test) throw new AppError('PRECONDITION', 'This project has no qualification test.', { remedy: 'Write to its lead.' });
    const spec = qualificationSpecSchema.parse(test.spec);
    const attempts = await tx.qualificationAttempt.findMany({ where: { projectId, userId }, orderBy: { startedAt: 'desc' } });
    requireAttemptLeft(spec, attempts, now);
    const known = Object.fromEntries(spec.topics.map(({ key }) => [key, topics[key] ?? 0]));
    const taskIds: string[] = [];
    for (const taskId of test.taskIds) taskIds.push(await copyWithAnswer(tx, taskId, userId, now));
    const scores: AttemptRecord = { taskIds, ratings: {}, reached: null };
    const { id } = await tx.qualificationAttempt.create({
      data: { testId: test.id, projectId, userId, topics: known, scores, startedAt: now },
    });
    return { attemptId: id, tasks: taskIds.length };
  });
}

interface EarlierAttempt {
  readonly state: string;
  readonly finishedAt: Date | null;
}

function requireAttemptLeft(spec: QualificationSpec, attempts: readonly EarlierAttempt[], now: Date): void {
  const [last] = attempts;
  if (!last) return;
  if (last.state === 'PASSED') throw new AppError('PRECONDITION', 'You have passed already.');
  if (last.state === 'WAITING') {
    throw new AppError('PRECONDITION', 'A reviewer has not read your answers yet.', { remedy: 'You can go on when he has.' });
  }
  if (attempts.length >= spec.maxAttempts) {
    throw new AppError('PRECONDITION', `All ${spec.maxAttempts} attempts are used up.`, {
      remedy: 'Ask the lead to look at the last one again.',
    });
  }
  const from = new Date((last.finishedAt ?? now).getTime() + spec.retryAfterHours * 3_600_000);
  if (from > now) {
    throw new AppError('PRECONDITION', 'The next attempt is not open yet.', { details: { from: from.toISOString() } });
  }
}

async function copyWithAnswer(tx: Tx, templateId: string, userId: string, now: Date): Promise<string> {
  const taskId = await copyTask(tx, { sourceTaskId: templateId, purpose: 'QUALIFICATION', onlyUserId: userId, now });
  const gold = await tx.goldAnswer.findUniqueOrThrow({
    where: { taskId: templateId },
    select: { content: true, explanation: true, createdById: true },
  });
  await tx.goldAnswer.create({ data: { ...gold, taskId, content: gold.content ?? {}, createdAt: now } });
  return taskId;
}
