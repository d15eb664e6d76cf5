import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { noteMembership } from './pause';
import { requireMember } from './pause-member';

export const dismissDriftInput = z.strictObject({ projectId: z.uuid(), userId: z.uuid(), reason: z.string().trim().max(2000).default('') });

/** "Not a problem": alarms raised until now are shown no more; later ones are. Needs quality.manage. */
export async function dismissDrift(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof dismissDriftInput>,
): Promise<void> {
  const { projectId, userId, reason } = dismissDriftInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.manage');
  const actorId = requireUser(actor);
  await deps.db.$transaction(async (tx) => {
    await requireMember(tx, projectId, userId);
    await noteMembership(tx, { projectId, userId, kind: 'drift-dismissed', reason, actorId, now: deps.clock.now() });
  });
}
