import { z } from 'zod';
import { scheduleConfig } from '#lib/ml/optim/schedule';

/** What RLOO and GRPO have in common, named as PPO's keys where they mean the same. Defaults are published ones, for models of some hundred million parameters up. */
export const groupConfigShape = {
  seed: z.number().int().min(0).default(1),
  /** Rollout batches. */
  steps: z.number().int().min(1).default(500),
  /** Episodes (answers) a step, a multiple of samplesPerPrompt. RLOO paper, appendix: 512. */
  rolloutBatchSize: z.number().int().min(2).default(512),
  /** Episodes an update, a multiple of samplesPerPrompt; null = the whole rollout batch, then every update is on-policy. */
  minibatchSize: z.number().int().min(2).nullable().default(null),
  /** Episodes of a forward and backward pass; null = the whole minibatch. Changes memory, not the update. */
  microbatchSize: z.number().int().min(1).nullable().default(null),
  /** Passes over each rollout batch (mu of the GRPO paper): 1 there and in TRL. */
  innerEpochs: z.number().int().min(1).default(1),
  /** Tokens an answer may have. N+ implementation details (2403.17031): 53 on TL;DR. */
  maxNewTokens: z.number().int().min(1).default(53),
  /** Softmax temperature of sampling, and of every log-probability; TRL: 1. */
  temperature: z.number().positive().default(1),
  /** GRPO paper and TRL: 1e-6. */
  learningRate: z.number().positive().default(1e-6),
  /** TRL: linear to 0. */
  schedule: scheduleConfig.default({ kind: 'linear', warmup: 0, floor: 0 }),
  /** The ratio is held within 1 - clipLow .. 1 + clipHigh: 0.2 and 0.2 in TRL; DAPO (2503.14476): 0.2 and 0.28. */
  clipLow: z.number().positive().lt(1).default(0.2),
  clipHigh: z.number().positive().default(0.2),
  /** The inner epochs of a step end when an update's approximate KL to the rollout policy exceeds 1.5 times this; null = never. */
  targetInnerKl: z.number().positive().nullable().default(null),
  /** What an answer without an end is worth: see `scoreWithEnding`. */
  missingEos: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('none') }),
      z.object({ kind: z.literal('replace'), score: z.number().default(-1) }),
      z.object({ kind: z.literal('subtract'), penalty: z.number().min(0).default(1) }),
    ])
    .default({ kind: 'none' }),
  /** Kingma and Ba 2015, as TRL. */
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  /** lmhp: 1e-5 (2403.17031, detail 21): gradients that are hardly more than rounding move hardly anything; TRL: 1e-8. */
  epsilon: z.number().positive().default(1e-5),
  /** AdamW (1711.05101); TRL: 0. */
  weightDecay: z.number().min(0).default(0),
  /** Global L2 norm of the gradient; TRL: 1. */
  maxGradientNorm: z.number().positive().default(1),
  /** Episodes at a time where there is no gradient. */
  scoreBatchSize: z.number().int().min(1).default(64),
  /** Answers decoded together. */
  generationBatchSize: z.number().int().min(1).default(64),
  /** Steps between sample tables. */
  evaluateEvery: z.number().int().min(1).default(10),
  /** Steps between checkpoints; one more is kept at the end. */
  checkpointEvery: z.number().int().min(1).default(10),
  /** Fixed prompts of the sample table. */
  samplePrompts: z.number().int().min(0).default(4),
};

/** Batches are cut between prompts: the answers of a group are compared with each other. */
export function wholeGroups(config: {
  readonly rolloutBatchSize: number;
  readonly minibatchSize: number | null;
  readonly samplesPerPrompt: number;
}): boolean {
  const { minibatchSize, rolloutBatchSize, samplesPerPrompt } = config;
  return rolloutBatchSize % samplesPerPrompt === 0 && (minibatchSize ?? rolloutBatchSize) % samplesPerPrompt === 0;
}

export const wholeGroupsMessage = 'rolloutBatchSize and minibatchSize have to be multiples of samplesPerPrompt.';

const shape = z.object(groupConfigShape);
export type GroupConfig = z.infer<typeof shape> & { readonly samplesPerPrompt: number; readonly klCoefficient: number };
