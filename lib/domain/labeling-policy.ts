import { z } from 'zod';
import { skipReasonSchema, skipReasons } from './assignment';
import { qualityPolicyShape } from './quality/quality-policy';

const count = z.int().min(1).max(9);
const dailyTasks = z.int().min(1).max(100_000);

/**
 * How a project hands out its work. Every key has a default, so that {} is a policy and an old project reads as one that
 * never changed them. What a task, a pool or a membership says of itself goes before what stands here.
 */
export const labelingPolicySchema = z.strictObject({
  ...qualityPolicyShape,
  /** Annotations wanted of a task. InstructGPT (2022, 3.4) took one label a comparison and checked agreement on a part. */
  overlap: count.default(1),
  /**
   * Adaptive overlap: a task begins with `min` annotations wanted and gets one more at a time, up to `max`, until the posterior of
   * its ranking is settled at `settledAt`. Three equal rankings of four answers by annotators of accuracy .75 settle at .9.
   */
  adaptive: z
    .strictObject({
      enabled: z.boolean().default(false),
      min: count.default(2),
      max: count.default(5),
      settledAt: z.number().min(0.5).max(0.999).default(0.9),
      /** What must be sure: each pair, the whole order, or which answer is best. */
      by: z.enum(['pairs', 'order', 'best']).default('pairs'),
    })
    .refine((adaptive) => adaptive.min <= adaptive.max, {
      message: 'A task wants at least as many annotations at most as at least.',
      path: ['max'],
    })
    .prefault({}),
  /** Tasks a person may do a day (midnight UTC) and in all; null: as many as there are. A membership's own number goes before. */
  quota: z.strictObject({ daily: dailyTasks.nullable().default(null), total: dailyTasks.nullable().default(null) }).prefault({}),
  /** What a task is paid, in cents of the currency; null: nothing is said of pay. A membership's own rate goes before. */
  pay: z
    .strictObject({
      centsPerTask: z.int().min(0).max(1_000_000).nullable().default(null),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, 'A currency is three capital letters, such as EUR.')
        .default('USD'),
    })
    .prefault({}),
  skip: z
    .strictObject({
      /** The reasons that a person may give. */
      reasons: z
        .array(skipReasonSchema)
        .min(1)
        .default([...skipReasons]),
      /** After so many people skipped a task it waits for the lead; null: it goes on to the next person. */
      setAsideAfter: z.int().min(1).max(100).nullable().default(3),
    })
    .prefault({}),
  /** After a label: from this probability of the opposite on the reward ensemble's disagreement is said; null: never. */
  hintAt: z.number().min(0.5).max(1).nullable().default(0.95),
  /** What is blurred until the person asks to see it: every task, those flagged, or none. */
  blur: z.enum(['all', 'flagged', 'none']).default('flagged'),
  /** The page reminds of a break after so many minutes of work (ISO 9241-5 asks for short frequent ones); null: never. */
  breakMinutes: z.int().min(5).max(480).nullable().default(50),
});

export type LabelingPolicy = z.infer<typeof labelingPolicySchema>;

/** @throws ZodError naming the key */
export function parseLabelingPolicy(value: unknown): LabelingPolicy {
  return labelingPolicySchema.parse(value ?? {});
}

/** Slots that a new task gets: `overlap` is what the creator asked for, undefined where he left it to the policy. */
export function initialSlots(policy: Pick<LabelingPolicy, 'overlap' | 'adaptive'>, overlap?: number): number {
  return overlap ?? (policy.adaptive.enabled ? policy.adaptive.min : policy.overlap);
}
