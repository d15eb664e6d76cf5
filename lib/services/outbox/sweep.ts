import type { Deps } from '../deps';
import { takeBackRun } from '../runs/take-back-run';
import { dispatchOutbox } from './dispatch-outbox';

/** A job that was just put may not be visible yet. */
const grace = 3_000;

type SweepDeps = Pick<Deps, 'db' | 'queues' | 'clock' | 'config' | 'logger'>;

/**
 * Finds what fell out of the queues and puts it back: undone outbox rows without a live job, queued runs without one, and runs whose worker
 * fell silent. It, not the queue, owns retries. Safe in any number of processes at once.
 * @param trustSince a heartbeat older than `staleSeconds` means something only where this process could read the record all that time
 * @param held runs whose child processes this worker watches itself: it knows that they live, however late its own heartbeat is
 */
export async function sweep(
  deps: SweepDeps,
  trustSince: Date,
  held: ReadonlySet<string> = new Set(),
): Promise<{ put: number; taken: number }> {
  const now = deps.clock.now();
  const rows = await deps.db.outbox.findMany({
    where: { doneAt: null, enqueuedAt: { lt: new Date(now.getTime() - grace) } },
    orderBy: { createdAt: 'asc' },
    select: { id: true, kind: true, subjectId: true, attempt: true },
  });
  let taken = 0;
  for (const row of rows) {
    if (row.kind === 'run') {
      if (!held.has(row.subjectId)) taken += await sweepRun(deps, row.subjectId, now, trustSince);
    } else if (!(await deps.queues.isOutboxLive({ outboxId: row.id, attempt: row.attempt, kind: row.kind }))) {
      const lost = { id: row.id, attempt: row.attempt, doneAt: null };
      await deps.db.outbox.updateMany({ where: lost, data: { attempt: { increment: 1 }, enqueuedAt: null } });
    }
  }
  return { put: await dispatchOutbox(deps), taken };
}

async function sweepRun(deps: SweepDeps, runId: string, now: Date, trustSince: Date): Promise<number> {
  const run = await deps.db.run.findUnique({
    where: { id: runId },
    select: { status: true, attempt: true, device: true, heartbeatAt: true },
  });
  if (!run) return 0;
  if (run.status === 'QUEUED') {
    if (await deps.queues.isRunLive({ runId, attempt: run.attempt, device: run.device })) return 0;
    const lost = { id: runId, attempt: run.attempt, status: 'QUEUED' as const };
    await deps.db.run.updateMany({ where: lost, data: { attempt: { increment: 1 } } });
    await deps.db.outbox.updateMany({ where: { kind: 'run', subjectId: runId, doneAt: null }, data: { enqueuedAt: null } });
    return 0;
  }
  if (run.status !== 'RUNNING') {
    await deps.db.outbox.updateMany({ where: { kind: 'run', subjectId: runId, doneAt: null }, data: { doneAt: now } });
    return 0;
  }
  const silentSince = new Date(now.getTime() - deps.config.staleSeconds * 1000);
  if (trustSince > silentSince) return 0;
  if (run.heartbeatAt && run.heartbeatAt > silentSince) return 0;
  const why = `its worker was not heard of for ${deps.config.staleSeconds} seconds.`;
  const outcome = await takeBackRun(deps, { runId, attempt: run.attempt, why, silentSince });
  if (outcome === 'again') deps.logger.warn({ runId, attempt: run.attempt }, 'took a run from a silent worker');
  return outcome === 'not-ours' ? 0 : 1;
}
