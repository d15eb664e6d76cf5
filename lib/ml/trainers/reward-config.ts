import { z } from 'zod';
import { AppError } from '#lib/errors';
import { scheduleConfig } from '#lib/ml/optim/schedule';
import { llama2Margins, type MarginTable } from './reward-pairs';
import { termsConfig } from './reward-terms';

/** Defaults are those published for models of billions of parameters; lib/domain/training-presets.ts holds those tried out on small ones. */
export const rewardConfig = z.object({
  seed: z.number().int().min(0).default(1),
  /** InstructGPT 2203.02155 appendix C trains one epoch (more overfits there); we keep the epoch of the best calibrated validation loss instead. */
  epochs: z.number().int().min(1).max(1000).default(1),
  /** Stop after this many epochs without a better calibrated validation loss (see ranking-report.ts): more epochs than one mostly make scores too sure. */
  patience: z.number().int().min(1).default(2),
  /** Prompts an update, with all their answers and pairs: InstructGPT, 64. */
  batchSize: z.number().int().min(1).default(64),
  /** Prompts a pass; null = the whole batch. It decides how much memory is taken and nothing else but rounding. */
  microbatchSize: z.number().int().min(1).nullable().default(null),
  /** InstructGPT's 6B reward model: 9e-6. */
  learningRate: z.number().min(0).default(9e-6),
  /** InstructGPT: cosine to 10 % of the start, no warm-up. */
  schedule: scheduleConfig.default({ kind: 'cosine', warmup: 0, floor: 0.1 }),
  /** InstructGPT: Adam 0.9, 0.95. */
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.95),
  /** Kingma and Ba 2015. */
  epsilon: z.number().positive().default(1e-8),
  /** AdamW (1711.05101); TRL's reward trainer leaves it at 0. */
  weightDecay: z.number().min(0).default(0),
  /** Global L2 norm of the gradient; TRL: 1. */
  maxGradientNorm: z.number().positive().default(1),
  /** InstructGPT eq. 1; or the whole order at once (Plackett 1975, Luce 1959); or which is best (Ziegler et al. 1909.08593 eq. 1). */
  loss: z.enum(['bradleyTerry', 'plackettLuce', 'bestOfK']).default('bradleyTerry'),
  /**
   * What a tie is: half a win and half a loss; an outcome with a probability of its own, of Davidson (1970) or of Rao and Kupper (1967), whose nu or
   * theta is learned; or nothing. No published reward model learns from ties; half and half needs no assumption about how often they come.
   */
  ties: z.enum(['soft', 'davidson', 'raoKupper', 'drop']).default('soft'),
  /** Margin by strength of preference: Llama 2's small or large ones (2307.09288, table 27), a table, or the strength itself (TRL); InstructGPT has none. */
  margins: z
    .union([z.enum(['llama2Small', 'llama2Large', 'strength']), z.record(z.string(), z.number())])
    .nullable()
    .default(null),
  /** Probability that a decided label is the opposite (cDPO's label noise; TRL's reward trainer has none). */
  labelSmoothing: z.number().min(0).lt(0.5).default(0),
  /** Each prompt weighs the same, 1 / C(K, 2) a pair (InstructGPT), or each judgement does (TRL: a batch of pairs). */
  weighting: z.enum(['prompt', 'judgement']).default('prompt'),
  /** Factors on the weight of an annotator's judgements by id; 1 for who is not named. */
  annotatorWeights: z.record(z.string(), z.number().min(0)).default({}),
  /** What is learned of annotators with the model; InstructGPT learns nothing of them. */
  terms: termsConfig.prefault({}),
  /** c in c * mean(score^2) over all scores of a batch: holds the free constant near 0 (after 2312.09244; TRL's example: 0.01). */
  centering: z.number().min(0).default(0.01),
  /** What is squared: each score; or, as TRL does it, the sum of the two scores of a judgement. */
  centeringOn: z.enum(['scores', 'pairs']).default('scores'),
  /** Forward passes without gradient, answers at a time. */
  scoreBatchSize: z.number().int().min(1).default(64),
  /** Updates between checkpoints; one more is kept after each epoch. */
  checkpointEvery: z.number().int().min(1).default(100),
  /** Fixed validation prompts whose answers and scores are shown after each epoch. */
  samplePrompts: z.number().int().min(0).default(4),
});
export type RewardConfig = z.infer<typeof rewardConfig>;

/** Throws BAD_INPUT where settings do not go together. */
export function checkRewardConfig(config: RewardConfig): void {
  if (config.loss === 'bradleyTerry') return;
  const { labelSmoothing, margins, terms, ties } = config;
  const pairwise = {
    ties: ties !== 'soft',
    margins: margins !== null,
    labelSmoothing: labelSmoothing > 0,
    terms: Object.values(terms).some(Boolean),
    centeringOn: config.centering > 0 && config.centeringOn === 'pairs',
  };
  const field = Object.entries(pairwise).find(([, used]) => used)?.[0];
  if (field === undefined) return;
  throw new AppError('BAD_INPUT', `"${field}" belongs to the loss of pairs; the loss is "${config.loss}".`, {
    details: { field, loss: config.loss },
    remedy: `Leave "${field}" out, or take the loss "bradleyTerry".`,
  });
}

export function marginTable({ margins }: RewardConfig): MarginTable | undefined {
  if (margins === 'llama2Small' || margins === 'llama2Large') return llama2Margins[margins];
  return margins ?? undefined;
}
