import { z } from 'zod';

const partScore = z.strictObject({ value: z.number(), n: z.number(), cutoff: z.number(), reached: z.boolean() }).nullable();

/** QualificationAttempt.scores: the person's own copies of the tests' tasks, ratings given so far, numbers reached. */
export const attemptRecordSchema = z.strictObject({
  taskIds: z.array(z.string()),
  /** By task: a reviewer's rating, 1 to 7. */
  ratings: z.record(z.string(), z.number().min(1).max(7)).default({}),
  reached: z.strictObject({ flags: partScore, rankings: partScore, demonstrations: partScore }).nullable().default(null),
});
export type AttemptRecord = z.infer<typeof attemptRecordSchema>;
