import { randomUUID } from 'node:crypto';
import type { Statements } from '#lib/db/direct-db';
import { Prisma } from '#lib/db/generated/client';
import { leaseExpiry } from '#lib/domain/assignment';
import { AppError } from '#lib/errors';
import { createAssignment, leasedSlot } from './create-assignment';
import { loadHeld } from './held-tasks';

interface OwnSlot {
  readonly userId: string;
  readonly taskId: string;
  readonly now: Date;
  /** Behind the task in hand: its lease is short. */
  readonly ahead: boolean;
}

/**
 * Makes a slot of this person's own on a task that is given to one person at a time (GOLD, REPEAT, TRAINING, QUALIFICATION) and
 * leases it; the assignment's id. Null where the person has had the task, or holds it: nobody does one twice.
 */
export async function leaseOwnSlot(tx: Statements, { userId, taskId, now, ahead }: OwnSlot): Promise<string | null> {
  // Number of the slots of a task and the one slot a person has are decided under the lock of the task.
  const [task] = await tx.$queryRaw<{ projectId: string; given: boolean }[]>`
    select "projectId", ("purpose" not in ('LABELING', 'EVALUATION') or "onlyUserId" is not null) as "given" from "Task" where "id" = ${taskId} for no key update`;
  if (!task) throw new AppError('NOT_FOUND', 'There is no such task.');
  if (!task.given) throw new AppError('INVARIANT', 'A task of the pool is claimed, not given to one person.', { details: { taskId } });
  const lease = Prisma.sql`
    insert into "Slot" ("id", "taskId", "projectId", "ordinal", "state", "annotatorId", "leaseExpiresAt", "updatedAt")
    select ${randomUUID()}, ${taskId}, ${task.projectId}, coalesce(max(s."ordinal") + 1, 0), 'LEASED', ${userId}, ${leaseExpiry(now, ahead)}::timestamp, ${now}::timestamp
    from "Slot" s where s."taskId" = ${taskId}
    having not coalesce(bool_or(s."annotatorId" = ${userId}), false)
      and not exists (select 1 from "Assignment" a where a."taskId" = ${taskId} and a."annotatorId" = ${userId} and (a."submittedAt" is not null or a."skipReason" is not null))
    returning ${leasedSlot}`;
  const [behind] = ahead ? await loadHeld(tx, userId, task.projectId) : [];
  const id = randomUUID();
  return (await createAssignment(tx, lease, { id, userId, now, behind })) && id;
}
