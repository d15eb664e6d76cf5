import type { LoopConfigInput } from './loop-config';

/** Settings of sampling and of both trainers that were tried out together. */
export type TrainingSettings = Required<Pick<LoopConfigInput, 'sampling' | 'reward' | 'policy'>>;

export const trainingPresetNames = ['small', 'published'] as const;
export type TrainingPresetName = (typeof trainingPresetNames)[number];

/** From here on the published settings fit. */
const smallBelow = 20_000_000;

/**
 * `small`: for models of a few hundred thousand to some million parameters on two processor cores. Learning rates about a hundred times those
 * of published runs (the models are a thousand times smaller), batches that fit the minutes there are; tried out over seeds with simulated
 * annotators (docs/benchmarks.md has the figures and the command). `published`: the trainers' own defaults, each with its paper.
 */
export const trainingPresets: Readonly<Record<TrainingPresetName, TrainingSettings>> = {
  small: {
    sampling: { temperature: 0.8, maxNewTokens: 44, batchSize: 64 },
    reward: {
      epochs: 4,
      patience: 4,
      batchSize: 8,
      learningRate: 2e-3,
      beta2: 0.99,
      schedule: { kind: 'cosine', warmup: 0.1, floor: 0.1 },
    },
    policy: {
      steps: 16,
      rolloutBatchSize: 64,
      minibatchSize: 32,
      innerEpochs: 2,
      policyLearningRate: 2e-4,
      valueLearningRate: 1e-3,
      klCoefficient: 0.15,
      evaluateEvery: 8,
      checkpointEvery: 4,
    },
  },
  published: { sampling: {}, reward: {}, policy: {} },
};

export function presetFor(parameterCount: number): TrainingPresetName {
  return parameterCount < smallBelow ? 'small' : 'published';
}

/**
 * What was given, filled up from the preset. One temperature and one length serve labeling, PPO and evaluation unless the policy's own settings
 * say otherwise: at another temperature the KL would be between other policies than those that people saw.
 */
export function withPreset(given: LoopConfigInput, preset: TrainingPresetName): LoopConfigInput {
  const settings = trainingPresets[preset];
  const sampling = { ...settings.sampling, ...given.sampling };
  const { temperature, maxNewTokens } = sampling;
  return {
    ...given,
    sampling,
    reward: { ...settings.reward, ...given.reward },
    policy: {
      ...(temperature === undefined ? {} : { temperature }),
      ...(maxNewTokens === undefined ? {} : { maxNewTokens }),
      ...settings.policy,
      ...given.policy,
    },
    evaluation: { ...(temperature === undefined ? {} : { temperature }), ...given.evaluation },
  };
}
