import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { parseQualityPolicy } from '#lib/domain/quality/quality-policy';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { lockMembership, noteMembership } from './pause';

export const fileAppealInput = z.strictObject({
  projectId: z.uuid(),
  subject: z.enum(['PAUSE', 'GOLD', 'QUALIFICATION']),
  /** GOLD: the annotation that was checked; QUALIFICATION: the attempt. A pause needs none: it is the one that holds. */
  subjectId: z.uuid().optional(),
  text: z.string().trim().min(1, 'Say what is wrong about it.').max(4000),
});
type FileAppeal = z.infer<typeof fileAppealInput>;

/**
 * An annotator asks a lead to look at a pause, the result of a check or of a qualification again.
 * @throws AppError NOT_FOUND where there is nothing of the kind to appeal against; CONFLICT where it was appealed already
 */
export async function fileAppeal(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof fileAppealInput>,
): Promise<{ appealId: string }> {
  const given = fileAppealInput.parse(input);
  const { projectId, subject, text } = given;
  await authorise(deps, actor, projectId, 'labeling.annotate');
  const userId = requireUser(actor);
  const now = deps.clock.now();
  return deps.db.$transaction(async (tx) => {
    await lockMembership(tx, projectId, userId);
    const subjectId = await findSubject(tx, given, userId, now);
    if (!subjectId) throw new AppError('NOT_FOUND', 'There is nothing of yours to look at again here.');
    const before = await tx.appeal.findFirst({ where: { projectId, userId, subject, subjectId }, select: { status: true } });
    if (before) {
      const message = before.status === 'OPEN' ? 'You have asked already; the answer is not there yet.' : 'This was answered already.';
      throw new AppError('CONFLICT', message);
    }
    const { id } = await tx.appeal.create({ data: { projectId, userId, subject, subjectId, text, createdAt: now } });
    await noteMembership(tx, {
      projectId,
      userId,
      kind: 'appeal-filed',
      reason: text,
      data: { appealId: id, subject },
      actorId: userId,
      now,
    });
    return { appealId: id };
  });
}

async function findSubject(tx: Tx, { projectId, subject, subjectId }: FileAppeal, userId: string, now: Date): Promise<string | null> {
  if (subject === 'PAUSE') {
    const member = await tx.membership.findUniqueOrThrow({
      where: { projectId_userId: { projectId, userId } },
      select: { pausedAt: true },
    });
    if (!member.pausedAt) return null;
    const event = await tx.membershipEvent.findFirst({
      where: { projectId, userId, kind: 'paused' },
      orderBy: { at: 'desc' },
      select: { id: true },
    });
    return event?.id ?? null;
  }
  if (subjectId === undefined) return null;
  if (subject === 'QUALIFICATION') {
    const attempt = await tx.qualificationAttempt.findFirst({
      where: { id: subjectId, projectId, userId, state: 'FAILED' },
      select: { id: true },
    });
    return attempt?.id ?? null;
  }
  const project = await tx.project.findUniqueOrThrow({ where: { id: projectId }, select: { labelingPolicy: true } });
  const { revealAfterHours } = parseQualityPolicy(project.labelingPolicy);
  const shownUntil = new Date(now.getTime() - revealAfterHours * 3_600_000);
  const check = await tx.annotationCheck.findFirst({
    where: { annotationId: subjectId, projectId, annotatorId: userId, purpose: 'GOLD', voidedAt: null, at: { lte: shownUntil } },
    select: { annotationId: true },
  });
  return check?.annotationId ?? null;
}
