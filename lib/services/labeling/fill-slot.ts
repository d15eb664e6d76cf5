import type { Tx } from '#lib/db/create-db';
import { unheld } from './claimable';

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

/** The annotation is the one that counts for the slot. Whoever held it on a lease that ran out holds it no longer. */
export async function fillSlot(tx: Tx, slotId: string, annotationId: string, { userId, now }: Submitter): Promise<void> {
  await tx.$executeRaw`
    with released as (
      update "Assignment" set "releasedAt" = ${now}::timestamp where "slotId" = ${slotId} and "releasedAt" is null and "submittedAt" is null)
    update "Slot" set "state" = 'FILLED', "annotatorId" = ${userId}, "leaseExpiresAt" = null, "liveAnnotationId" = ${annotationId},
      "updatedAt" = ${now}::timestamp
    where "id" = ${slotId}`;
}

/** Under the lock of the task, so that of two who fill the last two slots the second sees the first. */
export async function closeTaskIfFull(tx: Tx, taskId: string): Promise<boolean> {
  const closed = await tx.$executeRaw`
    update "Task" t set "status" = 'DONE' where t."id" = ${taskId} and t."status" = 'OPEN'
      and not exists (select 1 from "Slot" s where s."taskId" = t."id" and s."state" in ('FREE', 'LEASED'))`;
  return closed === 1;
}
