import { z } from 'zod';
import type { Random } from '#lib/domain/random';
import { normalQuantile } from '#lib/domain/statistics/distribution';

/**
 * A simulated annotator perceives each answer as gold + noise (+ a bonus for the answer displayed first) and ranks what was
 * perceived (Thurstone 1927, case V). Noise in the utility rather than flipped pairs: the ranking of K answers stays transitive, and close
 * pairs are mistaken more often than clear ones, as people do.
 */
export const annotatorConfig = z.object({
  /**
   * Probability to order two answers as the gold does, over pairs whose golds are independent normal draws with spread `goldScale`.
   * Default: between the 77 % of researchers and 73 % of labelers agreeing (Stiennon 2009.01325, InstructGPT 2203.02155) and certainty.
   */
  accuracy: z.number().gt(0.5).max(1).default(0.85),
  /** Probability to prefer the first displayed of two answers of equal gold; 0.5 = no bias. A perfect annotator (accuracy 1) has none. */
  positionBias: z.number().min(0.5).lt(1).default(0.5),
  /** Answers perceived within this many points of the best of their group are tied with it. */
  tieThreshold: z.number().min(0).default(0.1),
  /** Standard deviation of the gold over answers that are compared, in points. */
  goldScale: z.number().positive().default(0.6),
});
export type AnnotatorConfig = z.infer<typeof annotatorConfig>;

/**
 * Standard deviation of the noise that gives the accuracy: for gold difference D ~ N(0, 2 s^2) and perceived D + N(0, 2 n^2) the signs
 * agree with probability 1/2 + asin(s / sqrt(s^2 + n^2)) / pi (Sheppard 1899).
 */
export function noiseScale(config: Pick<AnnotatorConfig, 'accuracy' | 'goldScale'>): number {
  if (config.accuracy === 1) return 0;
  const correlation = Math.sin(Math.PI * (config.accuracy - 0.5));
  return config.goldScale * Math.sqrt(1 / correlation ** 2 - 1);
}

/**
 * Dense ranks (1 = best, equal = tie) of answers given their golds in display order. Groups are anchored at their best answer, so a
 * chain of near ties does not tie its ends.
 */
export function rankDisplayed(config: AnnotatorConfig, golds: readonly number[], random: Random): number[] {
  const noise = noiseScale(config);
  const firstBonus = noise * Math.SQRT2 * normalQuantile(config.positionBias);
  const perceived = golds.map((gold, position) => gold + noise * random.normal() + (position === 0 ? firstBonus : 0));
  const order = perceived.map((_, index) => index).sort((a, b) => (perceived[b] as number) - (perceived[a] as number) || a - b);
  const ranks = new Array<number>(golds.length).fill(0);
  let rank = 0;
  let best = Number.POSITIVE_INFINITY;
  for (const index of order) {
    const utility = perceived[index] as number;
    if (rank === 0 || best - utility > config.tieThreshold) {
      rank += 1;
      best = utility;
    }
    ranks[index] = rank;
  }
  return ranks;
}
