import { Prisma } from '#lib/db/generated/client';

/**
 * Conditions on Slot s, Task t and Round r (r may be absent): work goes on there, and this person has neither judged,
 * skipped nor holds the task. A lease that was lost without a word does not exclude him.
 */
export function openTo(userId: string, projectId: string): Prisma.Sql {
  return Prisma.sql`
    s."projectId" = ${projectId}
    and t."status" = 'OPEN'
    and (t."roundId" is null or r."status" = 'WAITING')
    and not exists (select 1 from "Slot" o where o."taskId" = s."taskId" and o."annotatorId" = ${userId})
    and not exists (
      select 1 from "Assignment" a
      where a."taskId" = s."taskId" and a."annotatorId" = ${userId} and (a."submittedAt" is not null or a."skipReason" is not null))`;
}

/** Free, or leased by someone whose lease ran out; written so that the index Slot_open_idx serves it. */
export function unheld(now: Date): Prisma.Sql {
  return Prisma.sql`(s."state" in ('FREE', 'LEASED') and (s."state" = 'FREE' or s."leaseExpiresAt" <= ${now}::timestamp))`;
}

/** Assignment a on Slot s is held: neither submitted, skipped nor given to another, whether or not its lease ran out. */
export const heldAssignment = Prisma.sql`
  a."slotId" = s."id" and a."annotatorId" = s."annotatorId" and s."state" = 'LEASED' and a."releasedAt" is null and a."submittedAt" is null`;
