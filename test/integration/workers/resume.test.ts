import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { hashInputs } from '#lib/services/loops/stage-spec';
import { importModel } from '#lib/services/models/import-model';
import { cancelRun } from '#lib/services/runs/cancel-run';
import { createRun } from '#lib/services/runs/create-run';
import { pauseRun } from '#lib/services/runs/pause-run';
import { resumeRun } from '#lib/services/runs/resume-run';
import { storeFiles } from '../../../workers/processors/store-model';
import { actor, createBench, createTestProject, type LoopBench, type TestLoop } from '../../support/loop';
import { tinyModel } from '../../support/tiny-model';
import { spawnWorker, type WorkerProcess, waitFor } from '../../support/worker-process';

const trainer = {
  steps: 24,
  batchSize: 16,
  minibatchSize: 8,
  innerEpochs: 2,
  maxNewTokens: 8,
  policyLearningRate: 0.003,
  valueLearningRate: 0.003,
  checkpointEvery: 4,
  evaluateEvery: 8,
  samplePrompts: 2,
};

/** A reward model with a random head on the tiny trunk. */
async function importRewardModel(bench: LoopBench, projectId: string): Promise<string> {
  const policy = tinyModel(2);
  const random = createRandom(3, 'head');
  const weights = new Map([...policy.weights].filter(([name]) => name !== 'lm_head.weight'));
  const { hiddenSize } = policy.config;
  weights.set('score.weight', {
    dtype: 'F32',
    shape: [1, hiddenSize],
    data: Float32Array.from({ length: hiddenSize }, () => random.normal()),
  });
  const files = await storeFiles(bench.deps, { ...policy, kind: 'REWARD', weights }, { normalisation: { mean: 0, std: 1 } });
  return (await importModel(bench.deps, actor, { projectId, name: 'tiny reward' }, files)).modelId;
}

describe('a run that is interrupted', { timeout: 600_000 }, () => {
  let bench: LoopBench;
  let project: TestLoop;
  let rewardModelId: string;
  let worker: WorkerProcess;

  const startPpo = async (config: object = trainer) => {
    const { db, queues } = bench.deps;
    const spec = {
      kind: 'POLICY_TRAINING' as const,
      config: { trainer: config as typeof trainer },
      inputs: { initPolicyId: project.referenceId, referenceId: project.referenceId, rewardModelId, datasetId: project.datasetId },
    };
    const inputHashes = await hashInputs(db, spec);
    const runId = await db.$transaction((tx) =>
      createRun(tx, { projectId: project.projectId, roundId: null, spec, inputHashes, seed: 11, device: 'CPU', createdById: null }),
    );
    await queues.wake();
    return runId;
  };
  const read = (runId: string) => bench.deps.db.run.findUniqueOrThrow({ where: { id: runId }, include: { models: true } });
  const reach = (runId: string, step: number) =>
    waitFor(`step ${step}`, async () => {
      const run = await read(runId);
      if (run.status === 'FAILED') throw new Error(`the run failed: ${run.reason}`);
      return run.step >= step ? run : null;
    });
  const become = (runId: string, status: string) =>
    waitFor(`the run to be ${status}`, async () => {
      const run = await read(runId);
      if (run.status === 'FAILED' && status !== 'FAILED') throw new Error(`the run failed: ${run.reason}`);
      return run.status === status ? run : null;
    });
  /** Weights, and every number but the times. */
  const outcome = async (runId: string) => {
    const run = await become(runId, 'DONE');
    const rows = await bench.deps.db.runMetric.findMany({ where: { runId }, orderBy: { step: 'asc' } });
    const samples = await bench.deps.db.runSample.findMany({ where: { runId }, orderBy: [{ step: 'asc' }, { promptId: 'asc' }] });
    return {
      weights: run.models.map((model) => model.weightsHash),
      metrics: rows.map(({ step, values }) => [step, Object.entries(values as object).filter(([name]) => !name.startsWith('time/'))]),
      samples: samples.map(({ step, promptId, text, scores }) => [step, promptId, text, scores]),
    };
  };
  let undisturbed: Awaited<ReturnType<typeof outcome>>;

  beforeAll(async () => {
    bench = await createBench();
    project = await createTestProject(bench.deps);
    rewardModelId = await importRewardModel(bench, project.projectId);
    worker = spawnWorker(bench);
    undisturbed = await outcome(await startPpo());
    expect(undisturbed.weights).toHaveLength(1);
    expect(undisturbed.metrics).toHaveLength(24);
  }, 600_000);
  afterAll(async () => {
    await worker?.kill('SIGTERM');
    await bench?.drop();
  });

  it('goes on after kill -9 of the worker and ends with the same bits', async () => {
    const runId = await startPpo();
    await reach(runId, 9);
    await worker.kill('SIGKILL');
    const held = await read(runId);
    expect(held.status).toBe('RUNNING');
    // The child notices that its worker is gone and stops by itself: the step stands still.
    const frozen = await waitFor('the child to die', async () => {
      const before = (await read(runId)).step;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return (await read(runId)).step === before ? before : null;
    });
    expect(frozen).toBeLessThan(24);
    worker = spawnWorker(bench);
    expect(await outcome(runId)).toEqual(undisturbed);
    const done = await read(runId);
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
    const runId = await startPpo();
    await reach(runId, 5);
    await cancelRun(deps, actor, { runId });
    const cancelled = await become(runId, 'CANCELLED');
    expect(cancelled.step).toBeLessThan(24);
    expect(cancelled.models).toHaveLength(0);
    await resumeRun(deps, actor, { runId });
    expect(await outcome(runId)).toEqual(undisturbed);
  });

  it('is given back when the worker is stopped, and another takes it', async () => {
    const runId = await startPpo();
    await reach(runId, 5);
    await worker.kill('SIGTERM');
    expect(['QUEUED', 'RUNNING']).toContain((await read(runId)).status);
    worker = spawnWorker(bench);
    expect(await outcome(runId)).toEqual(undisturbed);
  });

  it('refuses to go on under another number of threads, and says so', async () => {
    const { deps } = bench;
    const runId = await startPpo();
    await reach(runId, 5);
    await pauseRun(deps, actor, { runId });
    await become(runId, 'PAUSED');
    await worker.kill('SIGTERM');
    worker = spawnWorker({ ...bench, environment: { ...bench.environment, PLUMBLINE_THREADS: '2' } });
    await resumeRun(deps, actor, { runId });
    const failed = await become(runId, 'FAILED');
    expect(failed.reasonCode).toBe('PRECONDITION');
    expect(failed.reason).toContain('1 threads; this worker has');
    await worker.kill('SIGTERM');
    worker = spawnWorker(bench);
    await resumeRun(deps, actor, { runId });
    expect(await outcome(runId)).toEqual(undisturbed);
  });

  it('names a setting that the trainer does not know', async () => {
    const runId = await startPpo({ ...trainer, learningRat: 1 });
    const failed = await become(runId, 'FAILED');
    expect(failed.reasonCode).toBe('BAD_INPUT');
    expect(failed.reason).toContain('learningRat');
    expect(failed.resumable).toBe(false);
  });
});
