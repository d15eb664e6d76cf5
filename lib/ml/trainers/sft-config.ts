import { z } from 'zod';
import { scheduleConfig } from '#lib/ml/optim/schedule';

/**
 * Settings of supervised fine-tuning. Defaults are InstructGPT's (2203.02155, section 3.5 and appendix C) or TRL's (SFTConfig 1.16), made for
 * models from 100 million parameters up.
 */
export const sftConfig = z.object({
  seed: z.number().int().min(0).default(1),
  /** Passes over the training examples. InstructGPT: 16, of which the best by reward is kept; TRL: 3. */
  epochs: z.number().int().min(1).default(3),
  /** Updates; null = as many as `epochs` need. */
  steps: z.number().int().min(1).nullable().default(null),
  /** Examples an update. InstructGPT: 32. */
  batchSize: z.number().int().min(1).default(32),
  /** Examples computed at a time; null = the whole batch. The update is the same but for rounding: losses are divided by all tokens of the batch. */
  microbatchSize: z.number().int().min(1).nullable().default(null),
  /** Short examples of a batch share rows, each blind to the others: the same loss with less padding. */
  packing: z.boolean().default(false),
  /** TRL: 2e-5; InstructGPT: 9.65e-6 at 1.3B and 6B. About ten times that for an adapter (TRL). */
  learningRate: z.number().positive().default(2e-5),
  /** InstructGPT: cosine to 10 %, no warm-up. */
  schedule: scheduleConfig.default({ kind: 'cosine', warmup: 0, floor: 0.1 }),
  /** InstructGPT: Adam 0.9, 0.95. */
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.95),
  /** Kingma and Ba 2015. */
  epsilon: z.number().positive().default(1e-8),
  /** Decoupled (Loshchilov and Hutter 2019); TRL: 0. */
  weightDecay: z.number().min(0).default(0),
  /** Largest global L2 norm of the gradient; TRL: 1. */
  maxGradientNorm: z.number().positive().default(1),
  /** How often examples of each task are drawn, in proportion; null = every example once an epoch. */
  tasks: z.record(z.string(), z.number().positive()).nullable().default(null),
  /** Updates between evaluations; null = at the end of each epoch. There is one more at the end. */
  evaluateEvery: z.number().int().min(1).nullable().default(null),
  /**
   * Which weights the run ends with: the last, those of lowest validation loss, or those whose answers to validation prompts a reward likes best, as
   * InstructGPT chose its SFT models (their validation loss rose after one epoch while both reward and human preference went on). Without
   * validation examples it is the last.
   */
  keep: z.enum(['last', 'loss', 'reward']).default('loss'),
  /** Evaluations without a better one after which the run ends; null = never. */
  patience: z.number().int().min(1).nullable().default(null),
  /** Validation prompts that are answered for `keep: reward`. */
  rewardPrompts: z.number().int().min(1).default(64),
  /** Rows at a time where there is no gradient. */
  scoreBatchSize: z.number().int().min(1).default(32),
  /** Updates between checkpoints; one more is kept at the end. */
  checkpointEvery: z.number().int().min(1).default(100),
  /** Fixed prompts of the sample table. */
  samplePrompts: z.number().int().min(0).default(4),
  /** Tokens that answers of the sample table and of `keep: reward` may have. */
  maxNewTokens: z.number().int().min(1).default(128),
  /** Of those answers; 0 = the most probable token each. */
  temperature: z.number().min(0).default(1),
});
export type SftConfig = z.infer<typeof sftConfig>;
