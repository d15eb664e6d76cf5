import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLoop } from '#lib/services/loops/create-loop';
import { startLoop } from '#lib/services/loops/start-loop';
import { cancelRun } from '#lib/services/runs/cancel-run';
import { type ClaimedRun, claimRun } from '#lib/services/runs/claim-run';
import { endRun } from '#lib/services/runs/end-run';
import { getMetrics } from '#lib/services/runs/get-metrics';
import { getRun } from '#lib/services/runs/get-run';
import { getSamples } from '#lib/services/runs/get-samples';
import { listRuns } from '#lib/services/runs/list-runs';
import { resumeRun } from '#lib/services/runs/resume-run';
import { takeBackRun } from '#lib/services/runs/take-back-run';
import { type RunChange, watchRun } from '#lib/services/runs/watch-run';
import { writeStep } from '#lib/services/runs/write-step';
import { getHealth } from '#lib/services/system/get-health';
import { registerWorker } from '#lib/services/workers/register-worker';
import { claimQueued, drainGeneral } from '../../support/drive-loop';
import { createMember } from '../../support/labeling';
import { actor, createBench, createTestProject, type LoopBench, quickConfig, type TestLoop } from '../../support/loop';

describe('reading and watching a run', () => {
  let bench: LoopBench;
  let project: TestLoop;
  let claim: ClaimedRun;

  const step = async (number: number, loss: number) =>
    writeStep(bench.deps, claim, { step: number, totalSteps: 48, phase: 'sampling', metrics: { loss, broken: Number.NaN } });

  beforeAll(async () => {
    bench = await createBench();
    project = await createTestProject(bench.deps);
    const { loopId } = await createLoop(bench.deps, actor, { ...project, name: 'Watched', config: quickConfig });
    await startLoop(bench.deps, actor, { loopId });
    await drainGeneral(bench.deps);
    claim = await claimQueued(bench.deps);
  });
  afterAll(() => bench?.drop());

  it('shows the present state first, then each change, a restart, and ends with the run', async () => {
    const { deps } = bench;
    const { runId } = claim;
    await step(1, 3);
    const seen: RunChange[] = [];
    const watching = (async () => {
      for await (const change of watchRun(deps, actor, { runId }, new AbortController().signal)) seen.push(change);
    })();
    const until = async (what: (change: RunChange) => boolean) => {
      for (let tries = 0; tries < 200 && !seen.some(what); tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));
      expect(seen.some(what)).toBe(true);
    };
    await until((change) => change.kind === 'state');
    await until((change) => change.kind === 'metrics');
    expect(seen[0]).toMatchObject({ kind: 'state', run: { status: 'RUNNING', step: 1 } });
    expect(seen[1]).toEqual({ kind: 'metrics', rows: [{ step: 1, values: { loss: 3 } }] });
    await step(2, 2);
    await until((change) => change.kind === 'metrics' && change.rows[0]!.step === 2);
    await takeBackRun(deps, { runId, attempt: 0, why: 'test' });
    claim = (await claimRun(deps, { runId, attempt: 1 }))!;
    await until((change) => change.kind === 'restart' && change.step === 0);
    await step(1, 3);
    await until((change) => change.kind === 'metrics' && change.rows[0]!.step === 1 && change !== seen[1]);
    await endRun(deps, claim, { status: 'FAILED', reason: 'Enough.', reasonCode: 'TEST', resumable: true });
    await watching;
    const last = seen.at(-1);
    expect(last?.kind === 'state' && last.run).toMatchObject({ status: 'FAILED', reason: 'Enough.' });
  });

  it('gives curves, runs and samples to researchers only', async () => {
    const { deps } = bench;
    const { runId } = claim;
    const metrics = await getMetrics(deps, actor, { runId });
    expect(metrics).toMatchObject({
      names: ['loss'],
      restarts: [0],
      lastStep: 1,
      series: [{ name: 'loss', points: [{ step: 1, mean: 3, n: 1 }] }],
    });
    expect(await getSamples(deps, actor, { runId })).toEqual({ steps: [], prompts: [] });
    const run = await getRun(deps, actor, { runId });
    expect(run).toMatchObject({ kind: 'GENERATION', roundOrdinal: 1, loopName: 'Watched', inputs: [{ kind: 'model', name: 'tiny sft' }] });
    expect(run.events.map((event) => event.code)).toEqual(expect.arrayContaining(['started', 'interrupted', 'failed']));
    expect(await listRuns(deps, actor, { projectId: project.projectId })).toHaveLength(1);
    const annotator = await createMember(deps.db, project.projectId, ['ANNOTATOR']);
    await expect(getRun(deps, annotator, { runId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const stranger = { kind: 'user', userId: 'nobody', isSystemAdmin: true } as const;
    await expect(getRun(deps, stranger, { runId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('cancels a waiting run at once, and not one that has ended', async () => {
    const { deps } = bench;
    const { runId } = claim;
    await expect(cancelRun(deps, actor, { runId })).rejects.toMatchObject({ code: 'CONFLICT' });
    await resumeRun(deps, actor, { runId });
    expect(await cancelRun(deps, actor, { runId })).toEqual({ status: 'CANCELLED' });
    expect(await cancelRun(deps, actor, { runId })).toEqual({ status: 'CANCELLED' });
    expect(await deps.db.outbox.count({ where: { doneAt: null } })).toBe(0);
  });

  it('tells what is alive', async () => {
    const { deps } = bench;
    await registerWorker(deps, { id: 'w', hostname: 'here', pid: 1, queues: ['general'] });
    const health = await getHealth(deps);
    expect(health).toMatchObject({
      ok: true,
      database: { ok: true },
      queue: { ok: true, backend: 'postgres' },
      workers: [{ id: 'w', alive: true }],
    });
    expect(health.freeDisk).toBeGreaterThan(0);
    const later = { ...deps, clock: { now: () => new Date(Date.now() + 60_000) } };
    expect((await getHealth(later)).workers[0]!.alive).toBe(false);
  });
});
