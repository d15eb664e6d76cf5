import { randomUUID } from 'node:crypto';
import type { Tx } from '#lib/db/create-db';
import { addOutbox } from '../outbox/add-outbox';
import { countSlots } from './open-slots';

/**
 * Call in the transaction that filled (or freed) a slot of the task, after it, as the last lock taken. Where the round has every annotation
 * it wants, asks for the round to move on. The round's row is locked first: of two people who fill the last two slots at once, the second
 * sees the first.
 */
export async function afterAnnotation(tx: Tx, taskId: string): Promise<void> {
  const task = await tx.task.findUnique({ where: { id: taskId }, select: { roundId: true, purpose: true } });
  if (!task?.roundId || (task.purpose !== 'LABELING' && task.purpose !== 'EVALUATION')) return;
  await tx.$queryRaw`select "id" from "Round" where "id" = ${task.roundId} for update`;
  const slots = await countSlots(tx, task.roundId, task.purpose);
  if (slots.filled < slots.wanted) return;
  await addOutbox(tx, { kind: 'advance-round', subjectId: task.roundId, dedupeKey: `advance-${task.roundId}-${randomUUID()}` });
}
