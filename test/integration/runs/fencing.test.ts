import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '#lib/db/create-db';
import { createLoop } from '#lib/services/loops/create-loop';
import { startLoop } from '#lib/services/loops/start-loop';
import { claimRun } from '#lib/services/runs/claim-run';
import { endRun } from '#lib/services/runs/end-run';
import { finishRun } from '#lib/services/runs/finish-run';
import { readRequests } from '#lib/services/runs/read-requests';
import { releaseRun } from '#lib/services/runs/release-run';
import { takeBackRun } from '#lib/services/runs/take-back-run';
import { writeCheckpoint } from '#lib/services/runs/write-checkpoint';
import { writeEvent } from '#lib/services/runs/write-event';
import { writeStep } from '#lib/services/runs/write-step';
import { claimQueued, drainGeneral } from '../../support/drive-loop';
import { actor, createBench, createTestProject, type LoopBench, quickConfig } from '../../support/loop';

/** Everything that a run's worker could have changed. */
async function everything(db: Db): Promise<string> {
  const rows = [
    await db.run.findMany({ orderBy: { id: 'asc' } }),
    await db.runMetric.findMany({ orderBy: [{ runId: 'asc' }, { step: 'asc' }] }),
    await db.runSample.findMany(),
    await db.runEvent.findMany({ orderBy: { id: 'asc' } }),
    await db.checkpoint.findMany({ orderBy: { id: 'asc' } }),
    await db.round.findMany({ orderBy: { id: 'asc' } }),
    await db.task.count(),
    await db.modelVersion.count(),
    await db.outbox.findMany({ orderBy: { id: 'asc' } }),
    await db.lineageEdge.count(),
    await db.artifact.count(),
  ];
  return JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? value.toString() : value));
}

describe('fencing', () => {
  let bench: LoopBench;
  const metrics = { 'reward/mean': 1 };

  beforeAll(async () => {
    bench = await createBench();
    const project = await createTestProject(bench.deps);
    const { loopId } = await createLoop(bench.deps, actor, { ...project, name: 'Fenced', config: quickConfig });
    await startLoop(bench.deps, actor, { loopId });
    await drainGeneral(bench.deps);
  });
  afterAll(() => bench?.drop());

  it('lets a worker that lost its claim change nothing at all', async () => {
    const { deps } = bench;
    const old = await claimQueued(deps, 'GENERATION');
    await writeStep(deps, old, { step: 1, totalSteps: 48, phase: 'sampling', metrics });
    const file = await deps.blobs.putBytes(new TextEncoder().encode('state'));
    await writeCheckpoint(deps, old, { step: 1, files: { 'state.json': file }, best: true });
    await writeStep(deps, old, { step: 2, totalSteps: 48, phase: 'sampling', metrics });
    expect(await takeBackRun(deps, { runId: old.runId, attempt: 0, why: 'test' })).toBe('again');

    const between = await everything(deps.db);
    const refused = { code: 'FENCED' };
    const stale = await deps.blobs.putBytes(new TextEncoder().encode('stale state'));
    const writes = [
      () => writeStep(deps, old, { step: 3, totalSteps: 48, phase: 'sampling', metrics }),
      () => writeStep(deps, old, { step: 1, totalSteps: 48, phase: 'sampling', metrics: { 'reward/mean': 99 } }),
      () => writeEvent(deps, old, { code: 'stale', data: {} }),
      () => writeCheckpoint(deps, old, { step: 3, files: { 'state.json': stale }, best: true }),
      () => finishRun(deps, old, { result: { kind: 'GENERATION', prompts: 1, responses: 1, duplicates: 0, tasks: 0 } }),
      () => endRun(deps, old, { status: 'FAILED', reason: 'stale', reasonCode: 'INTERNAL', resumable: false }),
      () => releaseRun(deps, old),
    ];
    for (const write of writes) await expect(write()).rejects.toMatchObject(refused);
    expect(await readRequests(deps, old)).toBe('fenced');
    expect(await everything(deps.db)).toBe(between);

    // The same once the next owner is at work.
    const owner = await claimRun(deps, { runId: old.runId, attempt: 1 });
    expect(owner?.epoch).toBeGreaterThan(old.epoch);
    expect(owner?.fromStep).toBe(1);
    const owned = await everything(deps.db);
    for (const write of writes) await expect(write()).rejects.toMatchObject(refused);
    expect(await everything(deps.db)).toBe(owned);
    await writeStep(deps, owner!, { step: 2, totalSteps: 48, phase: 'sampling', metrics: { 'reward/mean': 2 } });
    const rows = await deps.db.runMetric.findMany({ where: { runId: old.runId }, orderBy: { step: 'asc' } });
    expect(rows.map((row) => [row.step, row.epoch, row.values])).toEqual([
      [1, old.epoch, metrics],
      [2, owner!.epoch, { 'reward/mean': 2 }],
    ]);
  });

  it('gives a run to one of two that claim it at once, and to none with an old attempt', async () => {
    const { deps } = bench;
    const run = await deps.db.run.findFirstOrThrow({ where: { status: 'RUNNING' } });
    await takeBackRun(deps, { runId: run.id, attempt: run.attempt, why: 'test' });
    const attempt = run.attempt + 1;
    expect(await claimRun(deps, { runId: run.id, attempt: run.attempt })).toBeNull();
    const claims = await Promise.all([1, 2, 3, 4].map(() => claimRun(deps, { runId: run.id, attempt })));
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
    expect(await takeBackRun(deps, { runId: run.id, attempt: run.attempt, why: 'an older attempt' })).toBe('not-ours');
  });

  it('deletes what came after the last checkpoint when an attempt begins', async () => {
    const { deps } = bench;
    const run = await deps.db.run.findFirstOrThrow({ where: { status: 'RUNNING' } });
    const claim = { runId: run.id, epoch: run.epoch };
    const prompt = await deps.db.prompt.findFirstOrThrow();
    const samples = [{ promptId: prompt.id, sampleIndex: 0, text: 'later', scores: {} }];
    for (const step of [2, 3, 4]) await writeStep(deps, claim, { step, totalSteps: 48, phase: 'sampling', metrics, samples });
    await releaseRun(deps, claim);
    const next = await claimRun(deps, { runId: run.id, attempt: run.attempt + 1 });
    expect(next?.fromStep).toBe(1);
    expect(await deps.db.runMetric.findMany({ where: { runId: run.id }, select: { step: true } })).toEqual([{ step: 1 }]);
    expect(await deps.db.runSample.count({ where: { runId: run.id } })).toBe(0);
  });
});
