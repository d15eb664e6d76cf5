import { createRandom } from '#lib/domain/random';
import { hashInputs } from '#lib/services/loops/stage-spec';
import { importModel } from '#lib/services/models/import-model';
import { createRun } from '#lib/services/runs/create-run';
import { storeFiles } from '../../workers/processors/store-model';
import { actor, createTestProject, type LoopBench, type TestLoop } from './loop';
import { tinyModel } from './tiny-model';
import { waitFor } from './worker-process';

export const ppoTrainer = {
  steps: 24,
  rolloutBatchSize: 16,
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
export async function importRewardModel(bench: LoopBench, projectId: string): Promise<string> {
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

/** PPO runs without a loop, each asked the same: what differs between two of them is what happened to their workers. */
export async function createPpoRuns(bench: LoopBench) {
  const { db, queues } = bench.deps;
  const project: TestLoop = await createTestProject(bench.deps);
  const rewardModelId = await importRewardModel(bench, project.projectId);

  const read = (runId: string) => db.run.findUniqueOrThrow({ where: { id: runId }, include: { models: true } });
  const become = (runId: string, status: string) =>
    waitFor(`the run to be ${status}`, async () => {
      const run = await read(runId);
      if (run.status === 'FAILED' && status !== 'FAILED') throw new Error(`the run failed: ${run.reason}`);
      return run.status === status ? run : null;
    });
  return {
    read,
    become,
    start: async (trainer: Record<string, number> = ppoTrainer) => {
      const spec = {
        kind: 'POLICY_TRAINING' as const,
        config: { trainer },
        inputs: { initPolicyId: project.referenceId, referenceId: project.referenceId, rewardModelId, datasetId: project.datasetId },
      };
      const inputHashes = await hashInputs(db, spec);
      const runId = await db.$transaction((tx) =>
        createRun(tx, { projectId: project.projectId, roundId: null, spec, inputHashes, seed: 11, device: 'CPU', createdById: null }),
      );
      await queues.wake();
      return runId;
    },
    reach: (runId: string, step: number) =>
      waitFor(`step ${step}`, async () => {
        const run = await read(runId);
        if (run.status === 'FAILED') throw new Error(`the run failed: ${run.reason}`);
        return run.step >= step ? run : null;
      }),
    /** Weights, samples, and every number but the times. */
    outcome: async (runId: string) => {
      const run = await become(runId, 'DONE');
      const rows = await db.runMetric.findMany({ where: { runId }, orderBy: { step: 'asc' } });
      const samples = await db.runSample.findMany({ where: { runId }, orderBy: [{ step: 'asc' }, { promptId: 'asc' }] });
      return {
        weights: run.models.map((model) => model.weightsHash),
        metrics: rows.map(({ step, values }) => [step, Object.entries(values as object).filter(([name]) => !name.startsWith('time/'))]),
        samples: samples.map(({ step, promptId, text, scores }) => [step, promptId, text, scores]),
      };
    },
  };
}

export type PpoRuns = Awaited<ReturnType<typeof createPpoRuns>>;
