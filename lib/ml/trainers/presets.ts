import type { z } from 'zod';
import type { ppoConfig } from './ppo-config';
import type { rewardConfig } from './reward';

/** How answers are sampled for labeling, for PPO and for evaluation: one temperature throughout, or the divergences are of different policies. */
export interface SamplingPreset {
  readonly responsesPerPrompt: number;
  readonly temperature: number;
  readonly maxNewTokens: number;
}

export interface Preset {
  readonly sampling: SamplingPreset;
  readonly reward: z.input<typeof rewardConfig>;
  readonly ppo: z.input<typeof ppoConfig>;
}

/**
 * For models of a few hundred thousand parameters that write short stories, on two processor cores: learning rates about a hundred times those of
 * published runs (the models are a thousand times smaller), batches that fit the minutes there are. Tried out over seeds with simulated annotators;
 * docs/benchmarks.md has the figures and the command.
 */
export const storyPreset: Preset = {
  sampling: { responsesPerPrompt: 6, temperature: 0.8, maxNewTokens: 44 },
  reward: { epochs: 4, patience: 1, batchPrompts: 8, learningRate: 2e-3 },
  ppo: {
    steps: 16,
    batchSize: 64,
    minibatchSize: 32,
    innerEpochs: 2,
    temperature: 0.8,
    maxNewTokens: 44,
    policyLearningRate: 2e-4,
    valueLearningRate: 1e-3,
    klCoefficient: 0.15,
    evaluateEvery: 8,
    checkpointEvery: 4,
  },
};
