import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Appeal } from '#lib/db/generated/client';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { noteMembership, resume } from './pause';

export const decideAppealInput = z.strictObject({
  appealId: z.uuid(),
  uphold: z.boolean(),
  /** The person reads it. */
  answer: z.string().trim().min(1, 'Answer the person.').max(4000),
});

/**
 * Upheld: the pause ends, the check counts nowhere any more, the attempt is passed. Rejected: everything stays. The person
 * reads the answer either way. Needs quality.manage; nobody decides his own.
 */
export async function decideAppeal(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof decideAppealInput>,
): Promise<void> {
  const { appealId, uphold, answer } = decideAppealInput.parse(input);
  const decidedById = requireUser(actor);
  const appeal = await deps.db.appeal.findUnique({ where: { id: appealId } });
  if (!appeal) throw new AppError('NOT_FOUND', 'There is no such appeal.');
  await authorise(deps, actor, appeal.projectId, 'quality.manage');
  if (appeal.userId === decidedById) throw new AppError('FORBIDDEN', 'Somebody else has to answer your own appeal.');
  const now = deps.clock.now();
  await deps.db.$transaction(async (tx) => {
    const { count } = await tx.appeal.updateMany({
      where: { id: appealId, status: 'OPEN' },
      data: { status: uphold ? 'UPHELD' : 'REJECTED', answer, decidedById, decidedAt: now },
    });
    if (count === 0) throw new AppError('CONFLICT', 'This appeal was answered already.');
    if (uphold) await grant(tx, appeal, { answer, decidedById, now });
    const { projectId, userId, subject } = appeal;
    const kind = uphold ? 'appeal-upheld' : 'appeal-rejected';
    await noteMembership(tx, { projectId, userId, kind, reason: answer, data: { appealId, subject }, actorId: decidedById, now });
  });
}

interface Decision {
  readonly answer: string;
  readonly decidedById: string;
  readonly now: Date;
}

async function grant(tx: Tx, appeal: Appeal, { answer, decidedById, now }: Decision): Promise<void> {
  const { projectId, userId, subject, subjectId } = appeal;
  switch (subject) {
    case 'PAUSE':
      await resume(tx, { projectId, userId, reason: answer, data: { appealId: appeal.id }, actorId: decidedById, now });
      return;
    case 'GOLD':
      await tx.annotationCheck.updateMany({ where: { annotationId: subjectId, voidedAt: null }, data: { voidedAt: now } });
      return;
    case 'QUALIFICATION': {
      await tx.qualificationAttempt.update({ where: { id: subjectId }, data: { state: 'PASSED', reason: answer, finishedAt: now } });
      await tx.membership.update({ where: { projectId_userId: { projectId, userId } }, data: { qualifiedAt: now } });
      await noteMembership(tx, {
        projectId,
        userId,
        kind: 'qualified',
        reason: answer,
        data: { attemptId: subjectId },
        actorId: decidedById,
        now,
      });
      return;
    }
    default:
      subject satisfies never;
  }
}
