import type { Tx } from '#lib/db/create-db';
import type { Prisma } from '#lib/db/generated/client';

/** What MembershipEvent.kind may be. */
type MembershipEventKind =
  | 'too-fast'
  | 'warned'
  | 'paused'
  | 'resumed'
  | 'checks-passed'
  | 'drift-dismissed'
  | 'trained'
  | 'qualified'
  | 'not-qualified'
  | 'appeal-filed'
  | 'appeal-upheld'
  | 'appeal-rejected'
  | 'changed';

interface MembershipNote {
  readonly projectId: string;
  readonly userId: string;
  readonly kind: MembershipEventKind;
  readonly reason?: string | null;
  readonly data?: Prisma.InputJsonObject;
  /** Null: by rule. */
  readonly actorId: string | null;
  readonly now: Date;
}

export async function noteMembership(tx: Tx, { now, actorId, data, reason, ...rest }: MembershipNote): Promise<void> {
  await tx.membershipEvent.create({
    data: { ...rest, reason: reason ?? null, data: data ?? {}, actorId, byRule: actorId === null, at: now },
  });
}

interface Pause {
  readonly projectId: string;
  readonly userId: string;
  /** In somebody's own words; null where `data` names a rule and its numbers. */
  readonly reason: string | null;
  readonly data?: Prisma.InputJsonObject;
  readonly actorId: string | null;
  readonly now: Date;
}

/**
 * From now on the person is given no new task; what lies in front of him may still be sent and is kept. Somebody who is
 * paused already keeps his first reason. @returns whether this paused him
 */
export async function pause(tx: Tx, { projectId, userId, reason, data, actorId, now }: Pause): Promise<boolean> {
  const { count } = await tx.membership.updateMany({
    where: { projectId, userId, pausedAt: null },
    data: { pausedAt: now, pauseReason: reason, pausedByRule: actorId === null },
  });
  if (count === 0) return false;
  await noteMembership(tx, { projectId, userId, kind: 'paused', reason, actorId, now, ...(data && { data }) });
  return true;
}

/** @returns whether the person was paused */
export async function resume(tx: Tx, { projectId, userId, reason, data, actorId, now }: Pause): Promise<boolean> {
  const { count } = await tx.membership.updateMany({
    where: { projectId, userId, pausedAt: { not: null } },
    data: { pausedAt: null, pauseReason: null, pausedByRule: false },
  });
  if (count === 0) return false;
  await noteMembership(tx, { projectId, userId, kind: 'resumed', reason, actorId, now, ...(data && { data }) });
  return true;
}

/** The tests on a person start anew where he was resumed, or where the sequential test passed him. */
export async function countingSince(
  tx: Tx,
  projectId: string,
  userId: string,
  kinds: readonly MembershipEventKind[],
): Promise<Date | null> {
  const last = await tx.membershipEvent.findFirst({
    where: { projectId, userId, kind: { in: [...kinds] } },
    orderBy: { at: 'desc' },
    select: { at: true },
  });
  return last?.at ?? null;
}

/** Submissions of one person whose numbers are weighed come one after the other. */
export async function lockMembership(tx: Tx, projectId: string, userId: string): Promise<void> {
  await tx.$queryRaw`select 1 from "Membership" where "projectId" = ${projectId} and "userId" = ${userId} for no key update`;
}
