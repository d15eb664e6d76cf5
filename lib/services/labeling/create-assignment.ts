import type { Statements } from '#lib/db/direct-db';
import { Prisma } from '#lib/db/generated/client';
import type { Held } from './held-tasks';

/** What a lease, the statement that takes or makes a slot, returns of it. */
export const leasedSlot = Prisma.sql`"id", "taskId", "leaseExpiresAt", "position"`;

export interface NewAssignment {
  readonly id: string;
  readonly userId: string;
  readonly now: Date;
  /** What the person has in hand. */
  readonly behind: Held | undefined;
}

/**
 * Takes a slot by the lease and makes this person's assignment of it, in one statement; the slot's place in its lane, or null where there was
 * none to take. The answers stand in an order of his own, that of lib/domain/display-order.ts.
 */
export async function createAssignment(
  tx: Statements,
  lease: Prisma.Sql,
  { id, userId, now, behind }: NewAssignment,
): Promise<{ position: bigint } | null> {
  // The order of holding is the order of `createdAt`, also where the clock stands still.
  const createdAt = behind && behind.createdAt >= now ? new Date(behind.createdAt.getTime() + 1) : now;
  // Whoever held the slot before holds it no longer; what he sends later is kept all the same.
  const [leased] = await tx.$queryRaw<{ position: bigint }[]>`
    with leased as (${lease}),
    released as (
      update "Assignment" set "releasedAt" = ${now}::timestamp
      where "slotId" = (select "id" from leased) and "releasedAt" is null and "submittedAt" is null),
    made as (
      insert into "Assignment" ("id", "slotId", "taskId", "annotatorId", "displayOrder", "createdAt", "heartbeatAt", "expiresAt")
      select ${id}, leased."id", leased."taskId", ${userId}, ${displayOrderFor(userId)}, ${createdAt}::timestamp, ${now}::timestamp, leased."leaseExpiresAt"
      from leased)
    select "position" from leased`;
  return leased ?? null;
}

/** Of the task of `leased`: the order of the bytes is that of their hexadecimal digits. */
function displayOrderFor(userId: string): Prisma.Sql {
  return Prisma.sql`array(
    select r."responseId" from "TaskResponse" r where r."taskId" = leased."taskId"
    order by sha256(convert_to(${userId}::text || chr(10) || r."taskId" || chr(10) || r."responseId", 'UTF8')))`;
}
