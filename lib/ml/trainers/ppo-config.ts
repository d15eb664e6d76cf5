import { z } from 'zod';
import { scheduleConfig } from '#lib/ml/optim/schedule';

/**
 * Settings of PPO on a reward of whole answers. Defaults are the published ones of OpenAI's runs (lmhp = lm-human-preferences, Ziegler et al. 1909.08593;
 * InstructGPT = 2203.02155), made for models from 100 million parameters up; lib/domain/training-presets.ts holds those tried out on small models.
 */
export const ppoConfig = z.object({
  seed: z.number().int().min(0).default(1),
  /** Rollout batches. InstructGPT: 256,000 episodes in batches of 512. */
  steps: z.number().int().min(1).default(500),
  /** Episodes (answers) a step: lmhp and InstructGPT, 512. */
  rolloutBatchSize: z.number().int().min(2).default(512),
  /** Episodes an update: InstructGPT, 64. */
  minibatchSize: z.number().int().min(1).default(64),
  /** Episodes in one backward pass; gradients of an update's passes add up. `null` = the whole minibatch. */
  microbatchSize: z.number().int().min(1).nullable().default(null),
  /** Passes over each rollout batch: lmhp 4 (InstructGPT 1). */
  innerEpochs: z.number().int().min(1).default(4),
  /** Tokens an answer may have. N+ implementation details (2403.17031): 53 on TL;DR. */
  maxNewTokens: z.number().int().min(1).default(53),
  /** Softmax temperature of sampling, and of every log-probability: InstructGPT, 1. */
  temperature: z.number().positive().default(1),
  /** lmhp: 1e-5 for 124M parameters, linear to 0. */
  policyLearningRate: z.number().positive().default(1e-5),
  /** lmhp: the same as the policy's. */
  valueLearningRate: z.number().positive().default(1e-5),
  schedule: scheduleConfig.default({ kind: 'linear', warmup: 0, floor: 0 }),
  /** First steps that move only the value model (verl's critic_warmup); 0 = none. */
  valueWarmup: z.number().int().min(0).default(0),
  /** epsilon of the ratio: Schulman et al. 1707.06347; lmhp. */
  clip: z.number().positive().lt(1).default(0.2),
  /** c > 1 bounds the loss of a negative advantage by -c A (Ye et al. 1912.09729; verl has 3 on). `null` = off, as in lmhp. */
  dualClip: z.number().gt(1).nullable().default(null),
  /** lmhp: 0.2. In units of the value, that is of the normalised reward. */
  valueClip: z.number().positive().default(0.2),
  /** lmhp and InstructGPT: no discount. */
  gamma: z.number().min(0).max(1).default(1),
  /** lmhp: 0.95. */
  lambda: z.number().min(0).max(1).default(0.95),
  /** beta, the price of one nat away from the reference: InstructGPT, 0.02. */
  klCoefficient: z.number().min(0).default(0.02),
  /** Estimator of the penalty in the reward (Schulman, "Approximating KL Divergence"); k1 in all published runs. See docs/algorithms.md for what each pulls towards. */
  klEstimator: z.enum(['k1', 'k2', 'k3']).default('k1'),
  /** `reward`: the penalty is part of each token's reward (lmhp, InstructGPT). `loss`: a term of the policy's loss with the value of k3 and the gradient of k2. */
  klPlacement: z.enum(['reward', 'loss']).default('reward'),
  /** Ziegler et al. section 2.2: a target in nats an episode and a horizon in episodes; lmhp: 6 and 10,000. `null` = fixed coefficient. */
  adaptiveKl: z
    .object({ target: z.number().positive().default(6), horizon: z.number().positive().default(10000) })
    .nullable()
    .default(null),
  /** Advantages to mean 0 and variance 1 over all tokens of the rollout batch (lmhp over each minibatch, N+ over the batch). */
  whitenAdvantages: z.boolean().default(true),
  /** Variance with n (lmhp, N+, OpenRLHF: 0) or n - 1 (TRL, verl: 1). */
  whiteningDdof: z.union([z.literal(0), z.literal(1)]).default(0),
  /** Token rewards to variance 1 without moving their mean (lmhp on, N+ and TRL off). */
  whitenRewards: z.boolean().default(false),
  /** Losses as the mean over the tokens of a minibatch (lmhp, TRL, verl), or over answers of the mean over their tokens. */
  lossAverage: z.enum(['tokens', 'answers']).default('tokens'),
  /** c of the bonus c H(pi) in the policy's loss (1707.06347 eq. 9); lmhp, TRL, OpenRLHF: 0. */
  entropyCoefficient: z.number().min(0).default(0),
  /** What an answer without an end is worth: see `scoreWithEnding`. lmhp replaces by -1, TRL subtracts 1. */
  missingEos: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('none') }),
      z.object({ kind: z.literal('replace'), score: z.number().default(-1) }),
      z.object({ kind: z.literal('subtract'), penalty: z.number().min(0).default(1) }),
    ])
    .default({ kind: 'none' }),
  /** Answers with fewer tokens before their end get this score instead; 1 forbids empty answers. lmhp: 16 and -1. `null` = no rule. */
  minimumLength: z
    .object({ tokens: z.number().int().min(1).default(1), score: z.number().default(-1) })
    .nullable()
    .default(null),
  /**
   * Bound on |score| (OpenRLHF: 10 on normalised scores); `null` = none, as in lmhp, InstructGPT and TRL: rules may count in any unit. The unclipped mean is
   * a metric too: a bound can hide a hacked reward.
   */
  scoreClip: z.number().positive().nullable().default(null),
  /** Pretraining mix (InstructGPT's PPO-ptx): `coefficient` times the mean loss of a token of `batchSize` examples in every policy update; 27.8 there. `null` = off. */
  ptx: z
    .object({ coefficient: z.number().positive().default(27.8), batchSize: z.number().int().min(1).default(64) })
    .nullable()
    .default(null),
  /** Decay of the moving average of the policy, one move a step; InstructGPT and DeepSpeed-Chat: 0.992. `null` = none. */
  emaDecay: z.number().min(0).lt(1).nullable().default(null),
  /** lmhp and InstructGPT: Adam 0.9; 0.999 and 0.95. */
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.95),
  /** lmhp: 1e-5 (2403.17031, detail 21). */
  epsilon: z.number().positive().default(1e-5),
  /** lmhp, InstructGPT: none. */
  weightDecay: z.number().min(0).default(0),
  /** Global L2 norm of each model's gradient; TRL: 1. */
  maxGradientNorm: z.number().positive().default(1),
  /** The inner epochs of a step end when a minibatch's approximate KL to the rollout policy exceeds 1.5 times this (Spinning Up's PPO, 0.01); null = never. */
  targetInnerKl: z.number().positive().nullable().default(0.02),
  /** Rows at a time where there is no gradient. */
  scoreBatchSize: z.number().int().min(1).default(64),
  /** Rows generated at a time. */
  generationBatchSize: z.number().int().min(1).default(64),
  /** Steps between sample tables. */
  evaluateEvery: z.number().int().min(1).default(10),
  /** Steps between checkpoints; one more is kept at the end. */
  checkpointEvery: z.number().int().min(1).default(10),
  /** Fixed prompts of the sample table. */
  samplePrompts: z.number().int().min(0).default(4),
});
export type PpoConfig = z.infer<typeof ppoConfig>;
