import { z } from 'zod';

export type RunKind = 'GENERATION' | 'REWARD_TRAINING' | 'POLICY_TRAINING' | 'EVALUATION' | 'SCORING';

export type RunStatus = 'QUEUED' | 'RUNNING' | 'PAUSED' | 'FAILED' | 'CANCELLED' | 'DONE';

/** Over for good: DONE never changes; FAILED and CANCELLED change only through an asked-for resume. */
export function isFinished(status: RunStatus): boolean {
  return status === 'DONE' || status === 'FAILED' || status === 'CANCELLED';
}

export function isActive(status: RunStatus): boolean {
  return status === 'QUEUED' || status === 'RUNNING';
}

const id = z.uuid();
const trainerConfig = z.record(z.string(), z.json());
const sampling = z.strictObject({
  temperature: z.number().nonnegative(),
  maxNewTokens: z.int().min(1),
  batchSize: z.int().min(1),
});

/** One entry a model that answers; `sampleOffset` keeps sample indices of one prompt apart. */
const generator = z.strictObject({ modelId: id, samples: z.int().min(1), sampleOffset: z.int().min(0) });

/** `Run.config` and `Run.inputs` by kind. Ids only: what they name is read when the run starts, and checked against `inputHashes`. */
export const runSpec = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('GENERATION'),
    config: z.strictObject({ sampling }),
    inputs: z.strictObject({ generators: z.array(generator).min(1), promptIds: z.array(id).min(1) }),
  }),
  z.strictObject({
    kind: z.literal('REWARD_TRAINING'),
    config: z.strictObject({ trainer: trainerConfig }),
    inputs: z.strictObject({ initModelId: id, snapshotIds: z.array(id).min(1) }),
  }),
  z.strictObject({
    kind: z.literal('POLICY_TRAINING'),
    config: z.strictObject({ trainer: trainerConfig }),
    inputs: z.strictObject({ initPolicyId: id, referenceId: id, rewardModelId: id, datasetId: id }),
  }),
  z.strictObject({
    kind: z.literal('EVALUATION'),
    config: z.strictObject({ sampling, comparisons: z.int().min(0), overlap: z.int().min(1) }),
    inputs: z.strictObject({
      candidateId: id,
      referenceId: id,
      previousId: id,
      rewardModelId: id,
      promptIds: z.array(id).min(1),
    }),
  }),
  z.strictObject({
    kind: z.literal('SCORING'),
    config: z.strictObject({ batchSize: z.int().min(1).default(64) }),
    /** Members of an ensemble; all answers of the project's tasks that lack a score of theirs are scored. */
    inputs: z.strictObject({ rewardModelIds: z.array(id).min(1).max(16) }),
  }),
]);
export type RunSpec = z.infer<typeof runSpec>;
export type RunSpecOf<K extends RunKind> = Extract<RunSpec, { kind: K }>;

/** The stored form of `Estimate` (lib/domain/statistics/estimate.ts): a statistic with its interval, or why it is undefined. */
export const estimateSchema = z.discriminatedUnion('defined', [
  z.object({ defined: z.literal(true), value: z.number(), low: z.number(), high: z.number(), n: z.int(), level: z.number() }),
  z.object({ defined: z.literal(false), reason: z.string(), n: z.int() }),
]);

/** What a person reads of a policy beside the blind comparisons. */
const policySummary = z.object({
  modelId: id,
  role: z.enum(['candidate', 'reference', 'previous']),
  reward: z.number(),
  kl: z.number(),
  length: z.number(),
  distinct1: z.number(),
  distinct2: z.number(),
  n: z.int(),
});
export type PolicySummary = z.infer<typeof policySummary>;

const generationResult = z.object({
  kind: z.literal('GENERATION'),
  prompts: z.int(),
  responses: z.int(),
  duplicates: z.int(),
  tasks: z.int(),
});
export const rewardResult = z.object({
  kind: z.literal('REWARD_TRAINING'),
  accuracy: estimateSchema,
  lengthBaseline: estimateSchema.nullable().default(null),
  trainPrompts: z.int(),
  validationPrompts: z.int(),
  details: z.record(z.string(), z.json()).default({}),
});
const policyResult = z.object({
  kind: z.literal('POLICY_TRAINING'),
  kl: z.number(),
  reward: z.number().nullable(),
  steps: z.int(),
  details: z.record(z.string(), z.json()).default({}),
});
const evaluationResult = z.object({ kind: z.literal('EVALUATION'), policies: z.array(policySummary), tasks: z.int() });
const scoringResult = z.object({ kind: z.literal('SCORING'), responses: z.int(), models: z.int() });
export const runResult = z.discriminatedUnion('kind', [generationResult, rewardResult, policyResult, evaluationResult, scoringResult]);
export type RunResult = z.infer<typeof runResult>;
