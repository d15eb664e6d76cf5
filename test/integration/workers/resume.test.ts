import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cancelRun } from '#lib/services/runs/cancel-run';
import { pauseRun } from '#lib/services/runs/pause-run';
import { resumeRun } from '#lib/services/runs/resume-run';
import { actor, createBench, type LoopBench } from '../../support/loop';
import { createPpoRuns, type PpoRuns, ppoTrainer } from '../../support/ppo-runs';
import { spawnWorker, type WorkerProcess, waitFor } from '../../support/worker-process';

describe('a run that is interrupted', { timeout: 600_000 }, () => {
  let bench: LoopBench;
  let runs: PpoRuns;
  let worker: WorkerProcess;
  let undisturbed: Awaited<ReturnType<PpoRuns['outcome']>>;

  beforeAll(async () => {
    bench = await createBench();
    runs = await createPpoRuns(bench);
    worker = spawnWorker(bench);
    undisturbed = await runs.outcome(await runs.start());
    expect(undisturbed.weights).toHaveLength(1);
    expect(undisturbed.metrics).toHaveLength(24);
  }, 600_000);
  afterAll(async () => {
    await worker?.kill('SIGTERM');
    await bench?.drop();
  });

  it('goes on after kill -9 of the worker and ends with the same bits', async () => {
    const runId = await runs.start();
    await runs.reach(runId, 9);
    await worker.kill('SIGKILL');
    const held = await runs.read(runId);
    expect(held.status).toBe('RUNNING');
    // The child notices that its worker is gone and stops by itself: the step stands still.
    const frozen = await waitFor('the child to die', async () => {
      const before = (await runs.read(runId)).step;
      await sleep(1500);
      return (await runs.read(runId)).step === before ? before : null;
    });
    expect(frozen).toBeLessThan(24);
    worker = spawnWorker(bench);
    expect(await runs.outcome(runId)).toEqual(undisturbed);
    const done = await runs.read(runId);
    expect(done.attempt).toBe(1);
    expect(done.epoch).toBeGreaterThan(held.epoch);
    const events = await bench.deps.db.runEvent.findMany({ where: { runId, code: 'started' }, orderBy: { at: 'asc' } });
    const starts = events.map((event) => (event.data as { fromStep: number }).fromStep);
    expect(starts).toHaveLength(2);
    expect(starts[1]).toBeGreaterThanOrEqual(8);
    const checkpoints = await bench.deps.db.checkpoint.findMany({ where: { runId, prunedAt: null }, orderBy: { step: 'asc' } });
    expect(checkpoints.map((checkpoint) => checkpoint.step)).toEqual([20, 24]);
  });

  it('stops when it is cancelled, keeps what it has, and goes on when it is resumed', async () => {
    const { deps } = bench;
    const runId = await runs.start();
    await runs.reach(runId, 5);
    await cancelRun(deps, actor, { runId });
    const cancelled = await runs.become(runId, 'CANCELLED');
    expect(cancelled.step).toBeLessThan(24);
    expect(cancelled.models).toHaveLength(0);
    await resumeRun(deps, actor, { runId });
    expect(await runs.outcome(runId)).toEqual(undisturbed);
  });

  it('is given back when the worker is stopped, and another takes it', async () => {
    const runId = await runs.start();
    await runs.reach(runId, 5);
    await worker.kill('SIGTERM');
    expect((await runs.read(runId)).status).toBe('QUEUED');
    worker = spawnWorker(bench);
    expect(await runs.outcome(runId)).toEqual(undisturbed);
  });

  it('refuses to go on under another number of threads, and says so', async () => {
    const { deps } = bench;
    const runId = await runs.start();
    await runs.reach(runId, 5);
    await pauseRun(deps, actor, { runId });
    await runs.become(runId, 'PAUSED');
    await worker.kill('SIGTERM');
    worker = spawnWorker({ ...bench, environment: { ...bench.environment, PLUMBLINE_THREADS: '2' } });
    await resumeRun(deps, actor, { runId });
    const failed = await runs.become(runId, 'FAILED');
    expect(failed.reasonCode).toBe('PRECONDITION');
    expect(failed.reason).toContain('1 threads; this worker has');
    await worker.kill('SIGTERM');
    worker = spawnWorker(bench);
    await resumeRun(deps, actor, { runId });
    expect(await runs.outcome(runId)).toEqual(undisturbed);
  });

  it('names a setting that the trainer does not know', async () => {
    const runId = await runs.start({ ...ppoTrainer, learningRat: 1 });
    const failed = await runs.become(runId, 'FAILED');
    expect(failed.reasonCode).toBe('BAD_INPUT');
    expect(failed.reason).toContain('learningRat');
    expect(failed.resumable).toBe(false);
  });
});
