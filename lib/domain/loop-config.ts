import { z } from 'zod';

const trainerConfig = z.record(z.string(), z.json());

/**
 * What a loop does in every round. `reward` and `policy` are the configs of the trainers: they are read here as plain objects and
 * parsed by the trainer's own schema (lib/ml/trainers) in the worker, which refuses a wrong field with its name.
 */
export const loopConfig = z
  .strictObject({
    seed: z.int().min(0).max(2_147_483_647).default(1),
    /** How people compare answers; PAIRWISE compares two, with the strength of the preference where the form asks for it. */
    taskKind: z.enum(['RANKING', 'PAIRWISE']).default('RANKING'),
    responsesPerPrompt: z.int().min(2).max(9).default(4),
    promptsPerRound: z.int().min(1).max(100_000).default(64),
    overlap: z.int().min(1).max(9).default(1),
    maxRounds: z.int().min(1).max(100).default(3),
    device: z.enum(['CPU', 'GPU']).default('CPU'),
    sampling: z
      .strictObject({
        temperature: z.number().positive().max(5).default(1),
        maxNewTokens: z.int().min(1).max(4096).default(128),
        /** One of the responses of each prompt comes from the SFT policy. */
        includeReference: z.boolean().default(false),
        batchSize: z.int().min(1).max(1024).default(32),
      })
      .prefault({}),
    reward: trainerConfig.default({}),
    gate: z
      .strictObject({
        /** The rule passes where the lower end of the accuracy's interval is at least this; null: a person always decides. */
        minimumAccuracyLow: z.number().min(0).max(1).nullable().default(0.5),
      })
      .prefault({}),
    policy: trainerConfig.default({}),
    evaluation: z
      .strictObject({
        /** Prompts of the test split that every policy answers. */
        prompts: z.int().min(1).max(10_000).default(64),
        /** How many of them become blind comparisons for people; 0: none, the decision then stands on a person. */
        comparisons: z.int().min(0).max(10_000).default(24),
        overlap: z.int().min(1).max(9).default(1),
        temperature: z.number().positive().max(5).default(1),
      })
      .prefault({}),
    decision: z
      .strictObject({
        /** `win-rate-low`: the lower end of the interval must reach the threshold; `win-rate`: the rate itself; `ask`: a researcher decides. */
        rule: z.enum(['win-rate-low', 'win-rate', 'ask']).default('ask'),
        threshold: z.number().min(0).max(1).default(0.5),
      })
      .prefault({}),
  })
  .refine(({ taskKind, responsesPerPrompt }) => taskKind === 'RANKING' || responsesPerPrompt === 2, {
    message: 'must be 2 where taskKind is PAIRWISE: two answers are compared',
    path: ['responsesPerPrompt'],
  });

export type LoopConfig = z.infer<typeof loopConfig>;
export type LoopConfigInput = z.input<typeof loopConfig>;
