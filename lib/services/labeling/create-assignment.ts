import type { Statements } from '#lib/db/direct-db';
import { displayOrder } from '#lib/domain/display-order';
import type { ClaimedSlot } from './claim-slot';
import type { Held } from './held-tasks';

export interface NewAssignment {
  readonly id: string;
  readonly userId: string;
  readonly slot: ClaimedSlot;
  readonly now: Date;
  /** What the person has in hand. */
  readonly behind: Held | undefined;
}

/** The assignment of a slot that this person has just leased; the answers stand in an order of his own. */
export async function createAssignment(tx: Statements, { id, userId, slot, now, behind }: NewAssignment): Promise<void> {
  const order = displayOrder(slot.responseIds, userId, slot.taskId);
  // The order of holding is the order of `createdAt`, also where the clock stands still.
  const createdAt = behind && behind.createdAt >= now ? new Date(behind.createdAt.getTime() + 1) : now;
  // Whoever held the slot before holds it no longer; what he sends later is kept all the same.
  await tx.$executeRaw`
    with released as (
      update "Assignment" set "releasedAt" = ${now}::timestamp
      where "slotId" = ${slot.id} and "releasedAt" is null and "submittedAt" is null)
    insert into "Assignment" ("id", "slotId", "taskId", "annotatorId", "displayOrder", "createdAt", "heartbeatAt", "expiresAt")
    values (${id}, ${slot.id}, ${slot.taskId}, ${userId}, ${order}, ${createdAt}::timestamp, ${now}::timestamp, ${slot.leaseExpiresAt}::timestamp)`;
}
