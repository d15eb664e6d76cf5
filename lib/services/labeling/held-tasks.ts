import type { Statements } from '#lib/db/direct-db';
import { Prisma } from '#lib/db/generated/client';
import { heldAssignment } from './claimable';

export interface Held {
  readonly assignmentId: string;
  readonly slotId: string;
  readonly createdAt: Date;
}

/** What this person holds, the one in hand first. */
export async function loadHeld(tx: Statements, userId: string, projectId: string): Promise<readonly Held[]> {
  return (await tx.$queryRaw<Held[]>(heldBy(userId, projectId))).toSorted(byHolding);
}

/**
 * The statement that reads it, in no order. Each slot is looked up by its id: while statistics are old the planner would take every slot that
 * the person ever leased for each of them.
 */
export function heldBy(userId: string, projectId: string): Prisma.Sql {
  return Prisma.sql`
    select a."id" as "assignmentId", a."slotId", a."createdAt"
    from "Assignment" a join lateral (select * from "Slot" where "id" = a."slotId" offset 0) s on ${heldAssignment}
    where a."annotatorId" = ${userId} and a."releasedAt" is null and a."submittedAt" is null and s."projectId" = ${projectId}`;
}

/** The order of holding. */
export function byHolding(a: Held, b: Held): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || (a.assignmentId < b.assignmentId ? -1 : 1);
}

/** False where the slot was given to another in the meantime. */
export async function renewLease(
  tx: Statements,
  userId: string,
  held: Pick<Held, 'assignmentId' | 'slotId'>,
  expiresAt: Date,
): Promise<boolean> {
  const renewed = await tx.$executeRaw`
    with slot as (
      update "Slot" set "leaseExpiresAt" = ${expiresAt}::timestamp
      where "id" = ${held.slotId} and "annotatorId" = ${userId} and "state" = 'LEASED' returning 1)
    update "Assignment" set "expiresAt" = ${expiresAt}::timestamp where "id" = ${held.assignmentId} and exists (select 1 from slot)`;
  return renewed === 1;
}
