import { randomUUID } from 'node:crypto';
import type { Statements } from '#lib/db/direct-db';

export type OutboxKind = 'run' | 'advance-round' | 'freeze-snapshot' | 'import-model' | 'quality-report' | 'chat-turn';

/**
 * Writes down what has to happen, in the transaction of the change that asks for it. The same `dedupeKey` twice is one row.
 * After the commit call `deps.queues.wake()`; a sweep finds the row anyway.
 */
export async function addOutbox(tx: Statements, row: { kind: OutboxKind; subjectId: string; dedupeKey: string }): Promise<void> {
  await tx.$executeRaw`
    insert into "Outbox" ("id", "kind", "subjectId", "dedupeKey")
    values (${randomUUID()}, ${row.kind}, ${row.subjectId}, ${row.dedupeKey})
    on conflict ("dedupeKey") do nothing`;
}
