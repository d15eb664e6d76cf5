import { Prisma } from '#lib/db/generated/client';
import { leaseExpiry } from '#lib/domain/assignment';
import { type Claimer, openLanes, openTo } from './claimable';
import { leasedSlot } from './create-assignment';

/**
 * The lease where the queue ran dry: a task that lies preloaded behind another person's current one, without a draft, is taken back.
 * The bound on the lease is checked again under the lock: a task that became the one in hand meanwhile has a long one.
 */
export function takeBack(claimer: Claimer, now: Date): Prisma.Sql {
  return Prisma.sql`
    update "Slot" set "annotatorId" = ${claimer.userId}, "leaseExpiresAt" = ${leaseExpiry(now, false)}::timestamp, "updatedAt" = ${now}::timestamp
    where "id" = (
      select s."id"
      from "Slot" s join "Task" t on t."id" = s."taskId"
      join "Assignment" b on b."slotId" = s."id" and b."annotatorId" = s."annotatorId" and b."releasedAt" is null and b."submittedAt" is null
      where s."laneId" in (select l."id" from ${openLanes(claimer)}) and ${openTo(claimer)}
        and s."state" = 'LEASED' and s."leaseExpiresAt" > ${now}::timestamp and s."leaseExpiresAt" <= ${leaseExpiry(now, true)}::timestamp
        and b."draft" is null
        and exists (
          select 1 from "Assignment" a join "Slot" f on a."slotId" = f."id" and a."annotatorId" = f."annotatorId" and f."state" = 'LEASED'
          where a."annotatorId" = b."annotatorId" and f."projectId" = s."projectId" and a."releasedAt" is null and a."submittedAt" is null
            and a."createdAt" < b."createdAt")
      order by s."priority" desc, b."createdAt"
      limit 1
      for update of s skip locked)
    returning ${leasedSlot}`;
}
