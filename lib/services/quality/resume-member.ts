import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { resume } from './pause';
import { requireMember } from './pause-member';

export const resumeMemberInput = z.strictObject({ projectId: z.uuid(), userId: z.uuid(), reason: z.string().trim().max(2000).default('') });

/** Gives a person tasks again; the sequential test and the count of fast answers start anew. Needs quality.manage. */
export async function resumeMember(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof resumeMemberInput>,
): Promise<{ resumed: boolean }> {
  const { projectId, userId, reason } = resumeMemberInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.manage');
  const actorId = requireUser(actor);
  return deps.db.$transaction(async (tx) => {
    await requireMember(tx, projectId, userId);
    return { resumed: await resume(tx, { projectId, userId, reason, actorId, now: deps.clock.now() }) };
  });
}
