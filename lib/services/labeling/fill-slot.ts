import type { Statements } from '#lib/db/direct-db';
import { Prisma } from '#lib/db/generated/client';
import { oneMore, type Worked } from './count-work';

/** For the annotation's own statement. */
export const isSent = Prisma.sql`exists (select 1 from sent)`;

interface Sent {
  readonly assignmentId: string;
  readonly taskId: string;
  /** Null: surplus. */
  readonly slotId: string | null;
  readonly annotationId: string;
  readonly work: Worked;
  readonly now: Date;
  /** The task is done with this, where nothing of it is open any more. */
  readonly mayClose: boolean;
}

/**
 * Under the lock of the task, in one statement: the annotation is written where `isSent` holds, its assignment is sent, and it is the one that counts for the slot.
 * Whoever held the slot on a lease that ran out, or this person on another page, holds it no longer. The working day counts one more.
 * `sent` is false where the assignment was sent before: then nothing is written.
 */
export async function fillSlot(
  tx: Statements,
  annotation: Prisma.Sql,
  { assignmentId, taskId, slotId, annotationId, work, now, mayClose }: Sent,
): Promise<{ sent: boolean; closed: boolean }> {
  const [row] = await tx.$queryRaw<[{ sent: boolean; closed: boolean }]>`
    with sent as (
      update "Assignment" set "submittedAt" = ${now}::timestamp, "slotId" = coalesce(${slotId}, "slotId")
      where "id" = ${assignmentId} and "submittedAt" is null returning 1),
    written as (${annotation}),
    released as (
      update "Assignment" set "releasedAt" = ${now}::timestamp
      where "slotId" = ${slotId} and "id" <> ${assignmentId} and "releasedAt" is null and "submittedAt" is null and ${isSent}),
    filled as (
      update "Slot" set "state" = 'FILLED', "annotatorId" = ${work.userId}, "leaseExpiresAt" = null, "liveAnnotationId" = ${annotationId},
        "updatedAt" = ${now}::timestamp
      where "id" = ${slotId} and ${isSent}),
    work as (${oneMore(work, now, isSent)}),
    closed as (
      update "Task" t set "status" = 'DONE' where t."id" = ${taskId} and t."status" = 'OPEN' and ${mayClose} and ${isSent}
        and not exists (select 1 from "Slot" s where s."taskId" = t."id" and s."state" in ('FREE', 'LEASED') and s."id" <> ${slotId}) returning 1)
    select ${isSent} as "sent", exists (select 1 from closed) as "closed"`;
  return row;
}

/** Under the lock of the task, so that of two who fill the last two slots the second sees the first. */
export async function closeTaskIfFull(tx: Statements, taskId: string): Promise<boolean> {
  const closed = await tx.$executeRaw`
    update "Task" t set "status" = 'DONE' where t."id" = ${taskId} and t."status" = 'OPEN'
      and not exists (select 1 from "Slot" s where s."taskId" = t."id" and s."state" in ('FREE', 'LEASED'))`;
  return closed === 1;
}
