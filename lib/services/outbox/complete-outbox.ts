import type { Tx } from '#lib/db/create-db';
import type { OutboxKind } from './add-outbox';

/** Marks all open rows of a subject done; belongs in the transaction of the effect that they asked for. */
export async function completeOutbox(tx: Tx, kind: OutboxKind, subjectId: string, at: Date): Promise<void> {
  await tx.outbox.updateMany({ where: { kind, subjectId, doneAt: null }, data: { doneAt: at, lastError: null } });
}
