import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '#lib/domain/clock';
import { connectQueues } from '#lib/queues/queues';
import type { Deps } from '#lib/services/deps';
import { createLoop } from '#lib/services/loops/create-loop';
import { startLoop } from '#lib/services/loops/start-loop';
import { addOutbox } from '#lib/services/outbox/add-outbox';
import { dispatchOutbox } from '#lib/services/outbox/dispatch-outbox';
import { sweep } from '#lib/services/outbox/sweep';
import { claimRun } from '#lib/services/runs/claim-run';
import { resumeRun } from '#lib/services/runs/resume-run';
import { heartbeatWorker } from '#lib/services/workers/heartbeat-worker';
import { startWorker } from '../../../workers/start-worker';
import { claimQueued, drainGeneral } from '../../support/drive-loop';
import { actor, backends, createBench, createTestProject, type LoopBench, quickConfig } from '../../support/loop';
import { waitFor } from '../../support/worker-process';

/** A queue server that was emptied, as after the loss of its disk. */
async function loseQueue(bench: LoopBench): Promise<void> {
  if (!bench.settings.redisUrl) {
    await bench.deps.db.$executeRawUnsafe('truncate table bullmq.job cascade');
    return;
  }
  const redis = new Redis(bench.settings.redisUrl);
  const keys = await redis.keys(`${bench.settings.prefix}:*`);
  if (keys.length > 0) await redis.del(...keys);
  redis.disconnect();
}

const later = (seconds: number): Clock => ({ now: () => new Date(Date.now() + seconds * 1000) });
const longAgo = new Date(0);

describe.each(backends)('outbox and sweeper on %s', (backend) => {
  let bench: LoopBench;
  let loopId: string;
  let roundId: string;
  const at = (seconds: number): Deps => ({ ...bench.deps, clock: later(seconds) });

  beforeAll(async () => {
    bench = await createBench(backend);
    const project = await createTestProject(bench.deps);
    ({ loopId } = await createLoop(bench.deps, actor, { ...project, name: 'Swept', config: quickConfig }));
    ({ roundId } = await startLoop(bench.deps, actor, { loopId }));
  });
  afterAll(() => bench?.drop());

  it('writes the same wish once', async () => {
    const { db } = bench.deps;
    const row = { kind: 'advance-round', subjectId: roundId, dedupeKey: 'same' } as const;
    await db.$transaction(async (tx) => {
      await addOutbox(tx, row);
      await addOutbox(tx, row);
    });
    expect(await db.outbox.count({ where: { dedupeKey: 'same' } })).toBe(1);
    await db.outbox.deleteMany({ where: { dedupeKey: 'same' } });
  });

  it('survives a queue that lost everything', async () => {
    const { deps } = bench;
    expect(await dispatchOutbox(deps)).toBe(1);
    const row = await deps.db.outbox.findFirstOrThrow({ where: { subjectId: roundId } });
    expect(await deps.queues.isOutboxLive({ outboxId: row.id, attempt: 0 })).toBe(true);
    // Nothing is lost: nothing is done twice.
    expect(await sweep(at(10), longAgo)).toEqual({ put: 0, taken: 0 });
    await loseQueue(bench);
    expect(await deps.queues.isOutboxLive({ outboxId: row.id, attempt: 0 })).toBe(false);
    expect(await sweep(at(10), longAgo)).toEqual({ put: 1, taken: 0 });
    expect(await deps.queues.isOutboxLive({ outboxId: row.id, attempt: 1 })).toBe(true);
    const worker = await startWorker({ deps, queues: ['general'], settings: bench.settings, environment: bench.environment });
    const run = await waitFor('the round to ask for its run', () => deps.db.run.findFirst({ where: { roundId } }));
    await worker.close();
    expect(run).toMatchObject({ kind: 'GENERATION', status: 'QUEUED', attempt: 0 });
    expect(await deps.db.outbox.findUnique({ where: { id: row.id } })).toMatchObject({ attempt: 1, doneAt: expect.any(Date) });
  });

  it('puts a queued run without a job back, as a new attempt', async () => {
    const { deps } = bench;
    await dispatchOutbox(deps);
    const run = await deps.db.run.findFirstOrThrow({ where: { roundId } });
    const before = { runId: run.id, device: run.device };
    expect(await deps.queues.isRunLive({ ...before, attempt: run.attempt })).toBe(true);
    await loseQueue(bench);
    expect(await sweep(at(10), longAgo)).toEqual({ put: 1, taken: 0 });
    expect(await deps.queues.isRunLive({ ...before, attempt: run.attempt + 1 })).toBe(true);
    expect(await claimRun(deps, { runId: run.id, attempt: run.attempt })).toBeNull();
  });

  it('takes a run from a silent worker, never from one that is heard', async () => {
    const { deps } = bench;
    const claim = await claimQueued(deps);
    const attempt = (await deps.db.run.findUniqueOrThrow({ where: { id: claim.runId } })).attempt;
    await dispatchOutbox(deps);
    expect(await sweep(at(4), longAgo)).toEqual({ put: 0, taken: 0 });
    await heartbeatWorker(at(10), 'a-worker', [{ runId: claim.runId, attempt }]);
    expect(await sweep(at(14), longAgo)).toEqual({ put: 0, taken: 0 });
    // A sweeper that was itself blind until now does not trust the silence.
    expect(await sweep(at(30), later(28).now())).toEqual({ put: 0, taken: 0 });
    // Nor does it take what it watches itself.
    expect(await sweep(at(30), longAgo, new Set([claim.runId]))).toEqual({ put: 0, taken: 0 });
    expect(await sweep(at(30), longAgo)).toEqual({ put: 1, taken: 1 });
    const run = await deps.db.run.findUniqueOrThrow({ where: { id: claim.runId } });
    expect(run).toMatchObject({ status: 'QUEUED', attempt: attempt + 1, epoch: claim.epoch + 1 });
    // A heartbeat for the old attempt says nothing about the new one.
    await heartbeatWorker(deps, 'a-worker', [{ runId: claim.runId, attempt }]);
    expect((await deps.db.run.findUniqueOrThrow({ where: { id: claim.runId } })).heartbeatAt).toBeNull();
  });

  it('gives a run up that its last starts brought no further, with the reason, and lets a person start it again', async () => {
    const { deps } = bench;
    for (const seconds of [60, 120]) {
      await claimQueued(deps);
      await sweep(at(seconds), longAgo);
    }
    const run = await deps.db.run.findFirstOrThrow({ where: { roundId } });
    expect(run).toMatchObject({ status: 'FAILED', reasonCode: 'GIVEN_UP', resumable: true });
    expect(run.reason).toContain('3 times');
    expect(await deps.db.round.findUniqueOrThrow({ where: { id: roundId } })).toMatchObject({ status: 'FAILED', reasonCode: 'GIVEN_UP' });
    expect(await deps.db.outbox.count({ where: { doneAt: null } })).toBe(0);
    await resumeRun(deps, actor, { runId: run.id });
    expect(await deps.db.round.findUniqueOrThrow({ where: { id: roundId } })).toMatchObject({ status: 'RUNNING', reason: null });
    await claimQueued(deps, 'GENERATION');
    await drainGeneral(deps);
  });
});

it('wakes nobody and throws nothing when the queue server is gone, and says so when asked', async () => {
  const said: string[] = [];
  const settings = { databaseUrl: 'postgresql://nobody@127.0.0.1:9/none', redisUrl: 'redis://127.0.0.1:9' };
  const queues = connectQueues(settings, (error) => said.push(error.message));
  await queues.wake();
  expect(said.length).toBeGreaterThan(0);
  await expect(queues.ping()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await queues.close();
});
