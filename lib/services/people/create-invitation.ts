import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { roles } from '#lib/domain/permissions';
import type { Deps } from '#lib/services/deps';
import { authorise } from './authorise';
import { type CreatedInvitation, createToken, memberInvitationMs } from './invitation-token';

export const createInvitationInput = z.strictObject({
  projectId: z.uuid(),
  roles: z
    .array(z.enum(roles))
    .min(1)
    .transform((list) => [...new Set(list)]),
  /** Where given, only this address can use the link. */
  email: z.email().max(254).toLowerCase().optional(),
});

/** Invites one person to a project; the token is shown once. Needs member.invite. */
export async function createInvitation(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof createInvitationInput>,
): Promise<CreatedInvitation> {
  const { projectId, roles: granted, email } = createInvitationInput.parse(input);
  await authorise(deps, actor, projectId, 'member.invite');
  const now = deps.clock.now();
  const expiresAt = new Date(now.getTime() + memberInvitationMs);
  const { token, tokenHash } = createToken();
  const { id } = await deps.db.invitation.create({
    data: {
      kind: 'MEMBER',
      tokenHash,
      projectId,
      roles: granted,
      email: email ?? null,
      createdById: actorUserId(actor),
      createdAt: now,
      expiresAt,
    },
  });
  return { invitationId: id, token, expiresAt };
}
