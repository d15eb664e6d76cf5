import type { Tx } from '#lib/db/create-db';
import { unheld } from './claimable';
import { oneMore, type Worked } from './count-work';

interface Submitter {
  readonly userId: string;
  readonly taskId: string;
  readonly now: Date;
}

/**
 * The slot that a submission fills, locked: the one of this task that he holds (also after the lease ran out, as
 * long as nobody took it), else any other that nobody holds, else none. One person fills at most one slot of a task.
 */
export async function takeSlot(tx: Tx, { userId, taskId, now }: Submitter): Promise<string | null> {
  const [own] = await tx.$queryRaw<{ id: string; held: boolean }[]>`
    select "id", ("state" = 'LEASED') as "held" from "Slot" where "taskId" = ${taskId} and "annotatorId" = ${userId} for update`;
  if (own) return own.held ? own.id : null;
  const [other] = await tx.$queryRaw<{ id: string }[]>`
    select s."id" from "Slot" s where s."taskId" = ${taskId} and ${unheld(now)} order by s."ordinal" limit 1 for update skip locked`;
  return other?.id ?? null;
}

interface Sent {
  readonly assignmentId: string;
  /** Null: surplus. */
  readonly slotId: string | null;
  readonly annotationId: string;
  readonly work: Worked;
}

/**
 * The assignment is sent, and its annotation is the one that counts for the slot. Whoever held the slot on a lease that ran out, or this
 * person on another page, holds it no longer. The working day counts one more.
 * False where the assignment was sent before.
 */
export async function fillSlot(tx: Tx, { assignmentId, slotId, annotationId, work }: Sent, { userId, now }: Submitter): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ sent: number }[]>`
    with sent as (
      update "Assignment" set "submittedAt" = ${now}::timestamp, "slotId" = coalesce(${slotId}, "slotId")
      where "id" = ${assignmentId} and "submittedAt" is null returning 1),
    released as (
      update "Assignment" set "releasedAt" = ${now}::timestamp
      where "slotId" = ${slotId} and "id" <> ${assignmentId} and "releasedAt" is null and "submittedAt" is null),
    filled as (
      update "Slot" set "state" = 'FILLED', "annotatorId" = ${userId}, "leaseExpiresAt" = null, "liveAnnotationId" = ${annotationId},
        "updatedAt" = ${now}::timestamp
      where "id" = ${slotId}),
    work as (${oneMore(work, now)})
    select count(*)::int as "sent" from sent`;
  return row?.sent === 1;
}

/** Under the lock of the task, so that of two who fill the last two slots the second sees the first. */
export async function closeTaskIfFull(tx: Tx, taskId: string): Promise<boolean> {
  const closed = await tx.$executeRaw`
    update "Task" t set "status" = 'DONE' where t."id" = ${taskId} and t."status" = 'OPEN'
      and not exists (select 1 from "Slot" s where s."taskId" = t."id" and s."state" in ('FREE', 'LEASED'))`;
  return closed === 1;
}
