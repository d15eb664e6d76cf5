import { isActive } from '#lib/domain/runs';
import type { Deps } from '../deps';

const atOnce = 200;

/**
 * Puts what waits in the outbox into the queues. Job ids are fixed by row and attempt, so two dispatchers at once add one job; a row whose
 * work needs no job any more is closed. @returns how many were put
 */
export async function dispatchOutbox(deps: Pick<Deps, 'db' | 'queues' | 'clock'>): Promise<number> {
  const now = deps.clock.now();
  const rows = await deps.db.outbox.findMany({
    where: { doneAt: null, enqueuedAt: null, availableAt: { lte: now } },
    orderBy: { createdAt: 'asc' },
    take: atOnce,
    select: { id: true, kind: true, subjectId: true, attempt: true },
  });
  let put = 0;
  for (const row of rows) {
    if (row.kind === 'run') {
      const run = await deps.db.run.findUnique({ where: { id: row.subjectId }, select: { status: true, attempt: true, device: true } });
      if (!run || !isActive(run.status)) {
        await deps.db.outbox.update({ where: { id: row.id }, data: { doneAt: now } });
        continue;
      }
      if (run.status === 'QUEUED') await deps.queues.enqueueRun({ runId: row.subjectId, attempt: run.attempt, device: run.device });
    } else {
      await deps.queues.enqueueOutbox({ outboxId: row.id, attempt: row.attempt, kind: row.kind });
    }
    await deps.db.outbox.updateMany({ where: { id: row.id, doneAt: null }, data: { enqueuedAt: now } });
    put += 1;
  }
  return put;
}
