import type { Tx } from '#lib/db/create-db';
import type { Statements } from '#lib/db/direct-db';
import { Prisma } from '#lib/db/generated/client';
import type { Actor } from '#lib/domain/actor';
import { isAllowed, type ProjectAction, type Role, rolesFor, type SystemAction } from '#lib/domain/permissions';
import { AppError } from '#lib/errors';

export interface Member {
  readonly userId: string;
  readonly roles: readonly Role[];
  readonly pseudonym: string;
}

/**
 * Lets an actor do something in a project, or throws. Our own processes (worker, command line) may do everything and
 * are no members: the result is null. Who is not a member learns nothing, not even that the project exists.
 * @throws AppError NOT_FOUND for everyone who is not a member; FORBIDDEN (with the roles that may) for a member without the role.
 */
export async function authorise(deps: { db: Statements }, actor: Actor, projectId: string, action: ProjectAction): Promise<Member | null> {
  if (actor.kind === 'system') return null;
  // One statement: every request of every page begins with it.
  const [membership] = await deps.db.$queryRaw<Membership[]>`
    select ${membershipColumns}
    from "Membership" m join "User" u on u."id" = m."userId" where m."projectId" = ${projectId} and m."userId" = ${actor.userId}`;
  return admit(membership ?? null, actor, action);
}

/** What a statement reads of Membership m and its User u, for `admit`. */
export const membershipColumns = Prisma.sql`m."roles"::text[] as "roles", m."pseudonym", u."disabledAt" is not null as "disabled"`;

/** What is on record of a person in a project. */
export interface Membership {
  readonly roles: readonly Role[];
  readonly pseudonym: string;
  readonly disabled: boolean;
}

/**
 * The same decision for a request that has read the membership beside something else.
 * @throws AppError as `authorise`
 */
export function admit(membership: Membership | null, actor: Actor, action: ProjectAction): Member | null {
  if (actor.kind === 'system') return null;
  if (!membership || membership.disabled) {
    throw notAMember();
  }
  if (!isAllowed(membership.roles, actor.isSystemAdmin, action)) {
    const may = rolesFor(action);
    throw new AppError('FORBIDDEN', `Only these roles of the project may do this: ${may.join(', ')}.`, {
      details: { action, roles: may },
      remedy: 'Ask an admin of the project to do it or to give you the role.',
    });
  }
  return { userId: actor.userId, roles: membership.roles, pseudonym: membership.pseudonym };
}

export function notAMember(): AppError {
  return new AppError('NOT_FOUND', 'There is no such project, or you are not a member of it.', {
    remedy: 'Ask an admin of the project for an invitation.',
  });
}

/**
 * The same for what belongs to the whole installation. The right is read from the record, not from the session: it may
 * have been taken away since.
 */
export async function authoriseSystem(deps: { db: Tx }, actor: Actor, action: SystemAction): Promise<void> {
  if (actor.kind === 'system') return;
  const user = await deps.db.user.findUnique({ where: { id: actor.userId }, select: { isSystemAdmin: true, disabledAt: true } });
  if (!user || user.disabledAt || !isAllowed([], user.isSystemAdmin, action)) {
    throw new AppError('FORBIDDEN', 'Only an admin of this installation may do this.', { details: { action } });
  }
}

/** The person who asks. @throws AppError UNAUTHENTICATED where one of our own processes asks for something that is a person's. */
export function requireUser(actor: Actor): string {
  if (actor.kind !== 'user') throw new AppError('UNAUTHENTICATED', 'This belongs to a person: sign in first.');
  return actor.userId;
}
