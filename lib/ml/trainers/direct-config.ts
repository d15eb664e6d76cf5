import { z } from 'zod';
import { scheduleConfig } from '#lib/ml/optim/schedule';

/** What DPO and KTO have in common. Defaults are published ones, for models of some hundred million parameters up; small models want higher rates. */
export const directConfigShape = {
  seed: z.number().int().min(0).default(1),
  /** Passes over the data. The DPO and KTO papers train one to three; more overfit. */
  epochs: z.number().int().min(1).default(1),
  /** Examples an update. DPO paper, appendix B: 64. */
  batchSize: z.number().int().min(1).default(64),
  /** Examples of a forward and backward pass; null = the whole batch. Changes memory, not the update. */
  microbatchSize: z.number().int().min(1).nullable().default(null),
  /** How strongly the policy is held to the reference. DPO paper: 0.1 (0.5 for TL;DR); TRL: 0.1. */
  beta: z.number().positive().default(0.1),
  /** DPO paper, appendix B: 1e-6 (RMSprop); TRL: 1e-6 (AdamW). */
  learningRate: z.number().positive().default(1e-6),
  /** DPO paper: linear warm-up over 150 updates, then constant. TRL: linear to 0. */
  schedule: scheduleConfig.default({ kind: 'linear', warmup: 0.1, floor: 0 }),
  /** Kingma and Ba 2015, as TRL. */
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: z.number().positive().default(1e-8),
  /** AdamW (1711.05101); TRL: 0. */
  weightDecay: z.number().min(0).default(0),
  /** Global L2 norm of the gradient; TRL: 1 (the DPO paper's code: 10). */
  maxGradientNorm: z.number().positive().default(1),
  /** Updates between evaluations on the validation split, with sample tables; null = after each epoch. */
  evaluateEvery: z.number().int().min(1).nullable().default(null),
  /** Stop after this many evaluations without a lower validation loss; null = never. */
  patience: z.number().int().min(1).nullable().default(null),
  /** Keep the weights of the lowest validation loss instead of the last. */
  keepBest: z.boolean().default(false),
  /** Updates between checkpoints; one more is kept at the end. */
  checkpointEvery: z.number().int().min(1).default(100),
  /** Answers of a forward pass without gradient: reference, validation. */
  scoreBatchSize: z.number().int().min(1).default(64),
  /** Fixed prompts of the sample table: of the validation split, or of the training split where there is none. */
  samplePrompts: z.number().int().min(0).default(4),
  /** Of the sample table: tokens an answer may have, and the temperature of sampling. */
  maxNewTokens: z.number().int().min(1).default(64),
  temperature: z.number().positive().default(1),
  /** Answers decoded together. */
  generationBatchSize: z.number().int().min(1).default(64),
};
