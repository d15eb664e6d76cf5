import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { type CreatedInvitation, createToken, firstAdminInvitationMs } from './invitation-token';

/**
 * Makes the one-time link of the first admin and revokes the one before. Null where an admin exists: then nobody
 * becomes one through this door any more.
 */
export async function createFirstAdminInvitation(deps: Pick<Deps, 'db' | 'clock'>, actor: Actor): Promise<CreatedInvitation | null> {
  if (actor.kind !== 'system') throw new AppError('FORBIDDEN', 'The link of the first admin is made by the start of the product only.');
  return deps.db.$transaction(async (tx) => {
    // Two starts at once, or a start during an acceptance: one after the other.
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended('first-admin', 0))`;
    const admin = await tx.user.findFirst({ where: { isSystemAdmin: true }, select: { id: true } });
    if (admin) return null;
    const now = deps.clock.now();
    await tx.invitation.updateMany({ where: { kind: 'FIRST_ADMIN', acceptedAt: null, revokedAt: null }, data: { revokedAt: now } });
    const { token, tokenHash } = createToken();
    const expiresAt = new Date(now.getTime() + firstAdminInvitationMs);
    const { id } = await tx.invitation.create({ data: { kind: 'FIRST_ADMIN', tokenHash, roles: [], createdAt: now, expiresAt } });
    return { invitationId: id, token, expiresAt };
  });
}
