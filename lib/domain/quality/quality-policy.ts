import { z } from 'zod';

const share = z.number().min(0).max(1);
const milliseconds = z.int().min(0).max(3_600_000);

/** Below this nobody can have read and judged: times of the fastest honest work, not of usual work. */
const minMsSchema = z.strictObject({
  RANKING: milliseconds.default(3000),
  PAIRWISE: milliseconds.default(1500),
  RATING: milliseconds.default(2000),
  DEMONSTRATION: milliseconds.default(10_000),
  CORRECTION: milliseconds.default(5000),
  FLAGS: milliseconds.default(1500),
  SPAN: milliseconds.default(3000),
  CHAT: milliseconds.default(5000),
});

/**
 * How a project checks its labels: the keys of the labeling policy that belong to quality, each with its default, so
 * that an old project reads as one that never changed them.
 */
export const qualityPolicyShape = {
  /** Tasks with a known answer among a person's work. */
  gold: z
    .strictObject({
      share: share.default(0.05),
      /** How many people see one gold task before it is left alone. */
      maxExposures: z.int().min(1).max(100_000).default(30),
      /** From this agreement on a check counts as passed. */
      passAt: share.default(0.75),
      /** Ratings that differ by no more steps than this agree. */
      ratingTolerance: z.int().min(0).max(3).default(1),
    })
    .prefault({}),
  /** The person's own earlier task once more, in another order. */
  repeats: z
    .strictObject({
      share: share.default(0.03),
      afterHours: z.number().min(0).max(8760).default(24),
      afterTasks: z.int().min(1).max(10_000).default(20),
    })
    .prefault({}),
  /** Wald's sequential test over checks passed or missed: pauses as soon as the numbers suffice, no sooner. */
  sprt: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Share of checks that a good annotator passes. */
      good: share.default(0.85),
      /** Share of checks that a poor one passes. */
      poor: share.default(0.6),
      /** How likely a good annotator may be paused. */
      falseAlarm: z.number().min(0.001).max(0.4).default(0.05),
      /** How likely a poor one may be passed. */
      miss: z.number().min(0.001).max(0.4).default(0.05),
      /** Nobody is paused on fewer checks. */
      minChecks: z.int().min(1).max(1000).default(5),
    })
    .refine((test) => test.poor < test.good, { message: 'A poor annotator passes fewer checks than a good one.', path: ['poor'] })
    .prefault({}),
  dwell: z
    .strictObject({
      minMs: minMsSchema.prefault({}),
      /** So many answers below the floor within `withinHours`: a warning, then a pause; null: nobody is paused for speed. */
      warnAt: z.int().min(1).max(1000).default(3),
      pauseAt: z.int().min(1).max(1000).nullable().default(null),
      withinHours: z.number().min(0.1).max(720).default(24),
    })
    .refine((dwell) => dwell.pauseAt === null || dwell.warnAt < dwell.pauseAt, {
      message: 'The warning comes before the pause.',
      path: ['warnAt'],
    })
    .prefault({}),
  training: z.strictObject({ required: z.boolean().default(false), minAgreement: share.default(0) }).prefault({}),
  qualification: z.strictObject({ required: z.boolean().default(false) }).prefault({}),
  /** The result of a check is shown to the person no sooner; until then a correction takes the place of the first answer. */
  revealAfterHours: z.number().min(0).max(8760).default(24),
};

const qualityPolicySchema = z.object(qualityPolicyShape);
export type QualityPolicy = z.infer<typeof qualityPolicySchema>;

/** The quality part of a project's labeling policy; other keys are other rules' business. */
export function parseQualityPolicy(labelingPolicy: unknown): QualityPolicy {
  return qualityPolicySchema.parse(labelingPolicy);
}
