import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type AttemptRecord, attemptRecordSchema } from '#lib/domain/quality/attempt-record';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { settleAttempt } from './finish-attempt';

export const rateAttemptInput = z.strictObject({
  attemptId: z.uuid(),
  /** By task: 1 to 7. */
  ratings: z.record(z.uuid(), z.int().min(1).max(7)),
});

/** A reviewer's ratings of what was written in an attempt; with the last one the attempt is decided. Needs quality.rate. */
export async function rateAttempt(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof rateAttemptInput>,
): Promise<{ state: 'WAITING' | 'PASSED' | 'FAILED' }> {
  const { attemptId, ratings } = rateAttemptInput.parse(input);
  const attempt = await deps.db.qualificationAttempt.findUnique({ where: { id: attemptId }, select: { projectId: true, userId: true } });
  if (!attempt) throw new AppError('NOT_FOUND', 'There is no such attempt.');
  await authorise(deps, actor, attempt.projectId, 'quality.rate');
  if (attempt.userId === requireUser(actor)) throw new AppError('FORBIDDEN', 'Somebody else has to rate your own answers.');
  return deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "QualificationAttempt" where "id" = ${attemptId} for update`;
    const { state, scores } = await tx.qualificationAttempt.findUniqueOrThrow({
      where: { id: attemptId },
      select: { state: true, scores: true },
    });
    if (state !== 'WAITING') throw new AppError('CONFLICT', 'This attempt waits for no rating.');
    const record = attemptRecordSchema.parse(scores);
    const unknown = Object.keys(ratings).filter((taskId) => !record.taskIds.includes(taskId));
    if (unknown.length > 0)
      throw new AppError('BAD_INPUT', 'A rating names a task that is not part of the attempt.', { details: { unknown } });
    const rated: AttemptRecord = { ...record, ratings: { ...record.ratings, ...ratings } };
    await tx.qualificationAttempt.update({ where: { id: attemptId }, data: { scores: rated } });
    const verdict = await settleAttempt(tx, attemptId, deps.clock.now());
    return { state: verdict?.state ?? 'WAITING' };
  });
}
