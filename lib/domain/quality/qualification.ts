import { z } from 'zod';

const share = z.number().min(0).max(1);

/**
 * What a test asks for. The cut-offs are those that InstructGPT's labelers were screened by: agreement with the
 * researchers on sensitive speech and on rankings, demonstrations rated by a person, topics they can judge.
 */
export const qualificationSpecSchema = z.strictObject({
  flagsCutoff: share.default(0.75),
  rankingsCutoff: share.default(0.75),
  /** Mean rating of the demonstrations, 1 to 7. */
  demonstrationCutoff: z.number().min(1).max(7).default(6),
  topics: z
    .array(z.strictObject({ key: z.string().regex(/^[a-z0-9-]{1,40}$/), label: z.string().trim().min(1).max(100) }))
    .max(40)
    .default([]),
  maxAttempts: z.int().min(1).max(100).default(2),
  retryAfterHours: z.number().min(0).max(8760).default(24),
});
export type QualificationSpec = z.infer<typeof qualificationSpecSchema>;

/** One task of an attempt, as far as it was scored. */
export interface ScoredTask {
  readonly kind: string;
  /** Agreement with the known answer; null where there is none to compare. */
  readonly agreement: number | null;
  readonly compared: number;
  /** A reviewer's rating of what was written, 1 to 7. */
  readonly rating: number | null;
}

/** A part of the test: what was reached, of how much, and what was asked for; null where the test has no such part. */
type PartScore = {
  readonly value: number;
  readonly n: number;
  readonly cutoff: number;
  readonly reached: boolean;
};

export type AttemptScores = {
  readonly flags: PartScore | null;
  readonly rankings: PartScore | null;
  readonly demonstrations: PartScore | null;
};

export type AttemptVerdict =
  | { readonly state: 'WAITING'; readonly scores: AttemptScores; readonly unrated: number }
  | { readonly state: 'PASSED' | 'FAILED'; readonly scores: AttemptScores; readonly missed: readonly (keyof AttemptScores)[] };

const ratedKinds: readonly string[] = ['DEMONSTRATION', 'CORRECTION'];

/** Where an attempt stands whose tasks were all sent: passed or failed with the numbers, or waiting for ratings. */
export function judgeAttempt(spec: QualificationSpec, tasks: readonly ScoredTask[]): AttemptVerdict {
  const written = tasks.filter(({ kind }) => ratedKinds.includes(kind));
  const checked = tasks.filter(({ kind, compared }) => !ratedKinds.includes(kind) && compared > 0);
  const flags = checked.filter(({ kind }) => kind === 'FLAGS');
  const scores: AttemptScores = {
    flags: pooled(flags, spec.flagsCutoff),
    rankings: pooled(
      checked.filter((task) => !flags.includes(task)),
      spec.rankingsCutoff,
    ),
    demonstrations: meanRating(written, spec.demonstrationCutoff),
  };
  const parts = ['flags', 'rankings', 'demonstrations'] as const;
  const missed = parts.filter((part) => scores[part]?.reached === false);
  const unrated = written.filter(({ rating }) => rating === null).length;
  // What failed already needs nobody's rating.
  const failed = missed.some((part) => part !== 'demonstrations');
  if (unrated > 0 && !failed) return { state: 'WAITING', scores, unrated };
  return { state: missed.length === 0 ? 'PASSED' : 'FAILED', scores, missed };
}

function pooled(tasks: readonly ScoredTask[], cutoff: number): PartScore | null {
  const n = tasks.reduce((sum, { compared }) => sum + compared, 0);
  if (n === 0) return null;
  const value = tasks.reduce((sum, { agreement, compared }) => sum + (agreement ?? 0) * compared, 0) / n;
  return { value, n, cutoff, reached: value >= cutoff - 1e-9 };
}

function meanRating(tasks: readonly ScoredTask[], cutoff: number): PartScore | null {
  const ratings = tasks.flatMap(({ rating }) => (rating === null ? [] : [rating]));
  if (ratings.length === 0 || ratings.length < tasks.length) return null;
  const value = ratings.reduce((sum, rating) => sum + rating, 0) / ratings.length;
  return { value, n: ratings.length, cutoff, reached: value >= cutoff - 1e-9 };
}
