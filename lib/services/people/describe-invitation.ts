import { z } from 'zod';
import type { Role } from '#lib/domain/permissions';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { hashToken } from './invitation-token';

export const describeInvitationInput = z.strictObject({ token: z.string().min(1).max(200) });

export interface InvitationView {
  readonly kind: 'FIRST_ADMIN' | 'MEMBER';
  readonly projectName: string | null;
  readonly roles: readonly Role[];
  readonly email: string | null;
  readonly expiresAt: Date;
}

interface InvitationState {
  readonly acceptedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly expiresAt: Date;
}

/** @throws AppError NOT_FOUND for an unknown token; PRECONDITION with details.state used, revoked or expired. */
export function checkInvitation<T extends InvitationState>(invitation: T | null, now: Date): T {
  if (!invitation)
    throw new AppError('NOT_FOUND', 'This invitation link is not known here.', { remedy: 'Check that the whole link was copied.' });
  const remedy = 'Ask the person who invited you for a new link.';
  if (invitation.acceptedAt)
    throw new AppError('PRECONDITION', 'This invitation was used already.', { details: { state: 'used' }, remedy });
  if (invitation.revokedAt)
    throw new AppError('PRECONDITION', 'A newer link took the place of this one.', { details: { state: 'revoked' }, remedy });
  if (invitation.expiresAt <= now)
    throw new AppError('PRECONDITION', 'This invitation has run out.', { details: { state: 'expired' }, remedy });
  return invitation;
}

/** What the page behind an invitation link shows; the token is the right to see it. */
export async function describeInvitation(
  deps: Pick<Deps, 'db' | 'clock'>,
  input: z.input<typeof describeInvitationInput>,
): Promise<InvitationView> {
  const { token } = describeInvitationInput.parse(input);
  const found = await deps.db.invitation.findUnique({
    where: { tokenHash: hashToken(token) },
    select: {
      kind: true,
      roles: true,
      email: true,
      expiresAt: true,
      acceptedAt: true,
      revokedAt: true,
      project: { select: { name: true } },
    },
  });
  const { kind, roles, email, expiresAt, project } = checkInvitation(found, deps.clock.now());
  return { kind, roles, email, expiresAt, projectName: project?.name ?? null };
}
