import { randomUUID } from 'node:crypto';
import { hashPassword } from 'better-auth/crypto';
import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import type { Role } from '#lib/domain/permissions';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { requireUser } from './authorise';
import { checkInvitation } from './describe-invitation';
import { hashToken } from './invitation-token';

/** What the sign-in allows (app/_auth/auth.ts) holds these. */
const passwordLength = { min: 10, max: 128 } as const;

export const acceptInvitationInput = z.strictObject({
  token: z.string().min(1).max(200),
  /** Left out by a person who is signed in: he joins with the account he has. */
  account: z
    .strictObject({
      name: z.string().trim().min(1).max(100),
      email: z.email().max(254).toLowerCase(),
      password: z.string().min(passwordLength.min).max(passwordLength.max),
    })
    .optional(),
});

type Account = NonNullable<z.output<typeof acceptInvitationInput>['account']>;

export interface AcceptedInvitation {
  readonly userId: string;
  readonly projectId: string | null;
  readonly projectSlug: string | null;
}

/**
 * Uses an invitation up: makes the account (or takes the signed-in one) and the membership, or the first system admin,
 * in one transaction. Registration has no other door.
 * @throws AppError NOT_FOUND, PRECONDITION (used, revoked, expired), FORBIDDEN (made for another address), CONFLICT (the address has an account)
 */
export async function acceptInvitation(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor | null,
  input: z.input<typeof acceptInvitationInput>,
): Promise<AcceptedInvitation> {
  const { token, account } = acceptInvitationInput.parse(input);
  const signedIn = actor && !account ? requireUser(actor) : null;
  if (!signedIn && !account) throw new AppError('UNAUTHENTICATED', 'Make an account or sign in to accept the invitation.');
  // scrypt takes a tenth of a second and 16 MiB: not for a guessed token, and not while rows are locked.
  checkInvitation(await deps.db.invitation.findUnique({ where: { tokenHash: hashToken(token) } }), deps.clock.now());
  const password = account ? await hashPassword(account.password) : null;

  return deps.db.$transaction(async (tx) => {
    const now = deps.clock.now();
    await tx.$queryRaw`select 1 from "Invitation" where "tokenHash" = ${hashToken(token)} for update`;
    const invitation = checkInvitation(
      await tx.invitation.findUnique({ where: { tokenHash: hashToken(token) }, include: { project: { select: { slug: true } } } }),
      now,
    );
    const firstAdmin = invitation.kind === 'FIRST_ADMIN';
    if (firstAdmin) await holdFirstAdmin(tx);
    const userId = signedIn ?? (account && password ? await createAccount(tx, account, password, now) : null);
    if (!userId) throw new AppError('UNAUTHENTICATED', 'Make an account or sign in to accept the invitation.');
    const user = await tx.user.findUnique({ where: { id: userId }, select: { email: true, disabledAt: true } });
    if (!user || user.disabledAt) throw new AppError('UNAUTHENTICATED', 'This account cannot be used.');
    if (invitation.email && invitation.email !== user.email) {
      throw new AppError('FORBIDDEN', 'This invitation was made for another email address.', {
        remedy: 'Use the address that the invitation was sent to.',
      });
    }
    if (firstAdmin) await tx.user.update({ where: { id: userId }, data: { isSystemAdmin: true } });
    if (invitation.projectId) await join(tx, invitation.projectId, userId, invitation.roles);
    await tx.invitation.update({ where: { id: invitation.id }, data: { acceptedAt: now, acceptedById: userId } });
    return { userId, projectId: invitation.projectId, projectSlug: invitation.project?.slug ?? null };
  });
}

/** The link of the first admin makes no second one. */
async function holdFirstAdmin(tx: Tx): Promise<void> {
  await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended('first-admin', 0))`;
  if (await tx.user.findFirst({ where: { isSystemAdmin: true }, select: { id: true } })) {
    throw new AppError('PRECONDITION', 'This installation has an admin already.', { details: { state: 'used' } });
  }
}

/** The rows that better-auth writes for a person who signs in with email and password. */
async function createAccount(tx: Tx, account: Account, password: string, now: Date): Promise<string> {
  const userId = randomUUID();
  const { count } = await tx.user.createMany({
    data: [{ id: userId, email: account.email, name: account.name, createdAt: now }],
    skipDuplicates: true,
  });
  if (count === 0) {
    throw new AppError('CONFLICT', 'There is an account with this email address.', {
      details: { field: 'email' },
      remedy: 'Sign in with it and open the link again.',
    });
  }
  await tx.account.create({ data: { accountId: userId, providerId: 'credential', userId, password, createdAt: now } });
  return userId;
}

async function join(tx: Tx, projectId: string, userId: string, granted: readonly Role[]): Promise<void> {
  const held = await tx.membership.findUnique({ where: { projectId_userId: { projectId, userId } }, select: { roles: true } });
  const roles = [...new Set([...(held?.roles ?? []), ...granted])];
  await tx.membership.upsert({
    where: { projectId_userId: { projectId, userId } },
    create: { projectId, userId, roles },
    update: { roles },
  });
}
