import { randomUUID } from 'node:crypto';
import type { Statements } from '#lib/db/direct-db';
import { addOutbox } from '../outbox/add-outbox';

/**
 * Call in the transaction that filled (or cancelled) the last open slot of the task, after it, as the last lock taken. Where the round has
 * every annotation it wants, asks for the round to move on: true. The round's row is locked first: of two people who fill the last two slots
 * at once, the second sees the first. Whether a slot is open is one look into the index of its lane, however many the round has.
 */
export async function afterAnnotation(tx: Statements, taskId: string): Promise<boolean> {
  // Changing the task twice in one transaction has locked the key of its round for share: a lock that allows others to have that too.
  const [task] = await tx.$queryRaw<{ roundId: string; purpose: string }[]>`
    select r."id" as "roundId", t."purpose"::text as "purpose" from "Task" t join "Round" r on r."id" = t."roundId"
    where t."id" = ${taskId} and t."purpose" in ('LABELING', 'EVALUATION') for no key update of r`;
  if (!task) return false;
  const [open] = await tx.$queryRaw<unknown[]>`
    select 1 as "open" from "ClaimLane" l
    cross join lateral (
      (select s."taskId" from "Slot" s join "Task" t on t."id" = s."taskId" and t."purpose" = ${task.purpose}::"TaskPurpose"
        where s."laneId" = l."id" and s."state" = 'FREE' limit 1)
      union all
      (select s."taskId" from "Slot" s join "Task" t on t."id" = s."taskId" and t."purpose" = ${task.purpose}::"TaskPurpose"
        where s."laneId" = l."id" and s."state" = 'LEASED' limit 1)) s
    where l."roundId" = ${task.roundId} limit 1`;
  if (open) return false;
  await addOutbox(tx, { kind: 'advance-round', subjectId: task.roundId, dedupeKey: `advance-${task.roundId}-${randomUUID()}` });
  return true;
}
