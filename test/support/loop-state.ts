import type { Db } from '#lib/db/create-db';

/** Where a loop stands and what lies in its way, for the message of a test that waited for it in vain. The queue: on PostgreSQL only. */
export async function describeLoop(db: Db, loopId: string): Promise<string> {
  const rounds = await db.round.findMany({
    where: { loopId },
    orderBy: { ordinal: 'asc' },
    select: { id: true, ordinal: true, stage: true, status: true, reason: true, stageEnteredAt: true },
  });
  const runs = await db.run.findMany({
    orderBy: { createdAt: 'asc' },
    select: {
      ...{ id: true, roundId: true, kind: true, status: true, attempt: true, epoch: true, phase: true, step: true },
      ...{ workerId: true, heartbeatAt: true, reason: true, createdAt: true, startedAt: true, finishedAt: true },
      events: { orderBy: { at: 'asc' }, select: { at: true, epoch: true, code: true, data: true } },
    },
  });
  const outbox = await db.outbox.findMany({ where: { doneAt: null }, orderBy: { createdAt: 'asc' } });
  const workers = await db.workerProcess.findMany({ select: { id: true, pid: true, startedAt: true, heartbeatAt: true } });
  const jobs = await db.$queryRaw`
    select "queue", "id", "state"::text, "failed_reason", "processed_at_ms"::text, "locked_until_ms"::text from bullmq.job
    where "state"::text <> 'completed' order by "seq"`;
  const parts = { at: new Date(), rounds, runs, outbox, workers, jobs };
  return Object.entries(parts)
    .map(([name, value]) => `${name}: ${JSON.stringify(value, null, 1)}`)
    .join('\n');
}
