import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { pause } from './pause';

export const pauseMemberInput = z.strictObject({
  projectId: z.uuid(),
  userId: z.uuid(),
  /** The person reads it. */
  reason: z.string().trim().min(1, 'Say why: the person reads it.').max(2000),
});

/** Gives a person no new tasks from now on; what was sent stays. Needs quality.manage. */
export async function pauseMember(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof pauseMemberInput>,
): Promise<{ paused: boolean }> {
  const { projectId, userId, reason } = pauseMemberInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.manage');
  const actorId = requireUser(actor);
  return deps.db.$transaction(async (tx) => {
    await requireMember(tx, projectId, userId);
    return { paused: await pause(tx, { projectId, userId, reason, data: { rule: 'person' }, actorId, now: deps.clock.now() }) };
  });
}

export async function requireMember(tx: Tx, projectId: string, userId: string): Promise<void> {
  const member = await tx.membership.findUnique({ where: { projectId_userId: { projectId, userId } }, select: { userId: true } });
  if (!member) throw new AppError('NOT_FOUND', 'This person is not a member of the project.');
}
