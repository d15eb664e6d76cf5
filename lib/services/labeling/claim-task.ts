import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { leaseExpiry } from '#lib/domain/assignment';
import { displayOrder } from '#lib/domain/display-order';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { heldAssignment, openTo, unheld } from './claimable';
import { type AssignmentView, loadAssignmentView } from './get-assignment-view';

export const claimTaskInput = z.strictObject({
  projectId: z.uuid(),
  /** One task beyond the one in hand, for the page to have ready; its lease is short. */
  ahead: z.boolean().default(false),
});

interface Held {
  readonly assignmentId: string;
  readonly slotId: string;
  readonly createdAt: Date;
}

/**
 * The task this person still holds, or else a new one; null where nothing is left for him now. The claim is one
 * statement over Slots; what it finds locked it steps over, so that claimers never wait for each other.
 */
export async function claimTask(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof claimTaskInput>,
): Promise<AssignmentView | null> {
  const { projectId, ahead } = claimTaskInput.parse(input);
  const userId = requireUser(actor);
  await authorise(deps, actor, projectId, 'labeling.annotate');
  return claimFor(deps, userId, projectId, ahead);
}

/** The same for a person whose right was checked in this request. */
export async function claimFor(
  deps: Pick<Deps, 'db' | 'clock'>,
  userId: string,
  projectId: string,
  ahead: boolean,
): Promise<AssignmentView | null> {
  const now = deps.clock.now();
  const assignmentId = await deps.db.$transaction(async (tx) => {
    // Two pages of one person: one after the other, so that both get the same task and nobody hoards.
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`claim ${projectId} ${userId}`}, 0))`;
    const held = await loadHeld(tx, userId, projectId);
    for (const candidate of ahead ? held.slice(1) : held) {
      if (await renewLease(tx, userId, candidate, leaseExpiry(now, ahead))) return candidate.assignmentId;
    }
    const current = held[0];
    // What lay preloaded until now may have become the task in hand: from here on it is held for long.
    if (ahead && current !== undefined) await renewLease(tx, userId, current, leaseExpiry(now, false));
    const second = ahead && current !== undefined;
    const slot = (await claimSlot(tx, userId, projectId, now, second)) ?? (second ? null : await takeBack(tx, userId, projectId, now));
    return slot && (await createAssignment(tx, userId, slot, now, second ? current : undefined));
  });
  return assignmentId === null ? null : loadAssignmentView(deps.db, userId, assignmentId, now);
}

/** What this person holds, the one in hand first. */
export async function loadHeld(tx: Tx, userId: string, projectId: string): Promise<readonly Held[]> {
  return tx.$queryRaw<Held[]>`
    select a."id" as "assignmentId", a."slotId", a."createdAt"
    from "Assignment" a join "Slot" s on ${heldAssignment}
    where a."annotatorId" = ${userId} and s."projectId" = ${projectId}
    order by a."createdAt", a."id"`;
}

/** False where the slot was given to another in the meantime. */
export async function renewLease(tx: Tx, userId: string, held: Pick<Held, 'assignmentId' | 'slotId'>, expiresAt: Date): Promise<boolean> {
  const { count } = await tx.slot.updateMany({
    where: { id: held.slotId, annotatorId: userId, state: 'LEASED' },
    data: { leaseExpiresAt: expiresAt },
  });
  if (count === 1) await tx.assignment.update({ where: { id: held.assignmentId }, data: { expiresAt } });
  return count === 1;
}

interface ClaimedSlot {
  readonly id: string;
  readonly taskId: string;
  readonly leaseExpiresAt: Date;
}

/** The claim, in the order of the index: highest priority first, then one task after the other. */
async function claimSlot(tx: Tx, userId: string, projectId: string, now: Date, ahead: boolean): Promise<ClaimedSlot | null> {
  const [slot] = await tx.$queryRaw<ClaimedSlot[]>`
    update "Slot" set "state" = 'LEASED', "annotatorId" = ${userId}, "leaseExpiresAt" = ${leaseExpiry(now, ahead)}::timestamp,
      "updatedAt" = ${now}::timestamp
    where "id" = (
      select s."id"
      from "Slot" s join "Task" t on t."id" = s."taskId" left join "Round" r on r."id" = t."roundId"
      where ${openTo(userId, projectId)} and ${unheld(now)}
      order by s."priority" desc, s."taskId", s."ordinal"
      limit 1
      for update of s skip locked)
    returning "id", "taskId", "leaseExpiresAt"`;
  return slot ?? null;
}

/**
 * The queue ran dry: a task that lies preloaded behind another person's current one, without a draft, is taken back.
 * The bound on the lease is checked again under the lock: a task that became the one in hand meanwhile has a long one.
 */
async function takeBack(tx: Tx, userId: string, projectId: string, now: Date): Promise<ClaimedSlot | null> {
  const [slot] = await tx.$queryRaw<ClaimedSlot[]>`
    update "Slot" set "annotatorId" = ${userId}, "leaseExpiresAt" = ${leaseExpiry(now, false)}::timestamp, "updatedAt" = ${now}::timestamp
    where "id" = (
      select s."id"
      from "Slot" s join "Task" t on t."id" = s."taskId" left join "Round" r on r."id" = t."roundId"
      join "Assignment" b on b."slotId" = s."id" and b."annotatorId" = s."annotatorId" and b."releasedAt" is null and b."submittedAt" is null
      where ${openTo(userId, projectId)}
        and s."state" = 'LEASED' and s."leaseExpiresAt" <= ${leaseExpiry(now, true)}::timestamp and b."draft" is null
        and exists (
          select 1 from "Assignment" a join "Slot" f on a."slotId" = f."id" and a."annotatorId" = f."annotatorId" and f."state" = 'LEASED'
          where a."annotatorId" = b."annotatorId" and f."projectId" = s."projectId" and a."releasedAt" is null and a."submittedAt" is null
            and a."createdAt" < b."createdAt")
      order by s."priority" desc, b."createdAt"
      limit 1
      for update of s skip locked)
    returning "id", "taskId", "leaseExpiresAt"`;
  return slot ?? null;
}

async function createAssignment(tx: Tx, userId: string, slot: ClaimedSlot, now: Date, behind: Held | undefined): Promise<string> {
  // Whoever held the slot before holds it no longer; what he sends later is kept all the same.
  await tx.assignment.updateMany({ where: { slotId: slot.id, releasedAt: null, submittedAt: null }, data: { releasedAt: now } });
  const responses = await tx.taskResponse.findMany({ where: { taskId: slot.taskId }, select: { responseId: true } });
  const order = displayOrder(
    responses.map(({ responseId }) => responseId),
    userId,
    slot.taskId,
  );
  const id = randomUUID();
  // The order of holding is the order of `createdAt`, also where the clock stands still.
  const createdAt = behind && behind.createdAt >= now ? new Date(behind.createdAt.getTime() + 1) : now;
  await tx.assignment.create({
    data: {
      id,
      slotId: slot.id,
      taskId: slot.taskId,
      annotatorId: userId,
      displayOrder: order,
      createdAt,
      heartbeatAt: now,
      expiresAt: slot.leaseExpiresAt,
    },
  });
  return id;
}
