import { z } from 'zod';
import { annotatorConfig } from './annotator';

/** People of one kind in a simulated campaign. Their accuracy is stated for answers whose golds have a standard deviation of 1. */
const crewSchema = z.strictObject({
  people: z.number().int().min(1).max(1000),
  accuracy: annotatorConfig.shape.accuracy,
  positionBias: annotatorConfig.shape.positionBias,
});

export const campaignConfig = z.strictObject({
  seed: z.number().int().min(0).default(1),
  crew: z.array(crewSchema).min(1),
  /** Answers a task. */
  responses: z.number().int().min(2).max(9).default(4),
  /** Differences of what is perceived below this many points are ties. */
  tieThreshold: z.number().min(0).default(0.15),
  /** Standard deviation of the gold over answers of one task, in points: below 1 the answers are closer than those accuracies are stated for. */
  goldSpread: z.number().positive().max(10).default(1),
  /** Rankings to pay for: the columns of the table. */
  labels: z.array(z.number().int().min(1).max(200_000)).min(1).default([50, 100, 250, 500, 1000, 2000]),
  /** Rankings of each task: the rows. */
  overlaps: z.array(z.number().int().min(1).max(50)).min(1).default([1, 2, 3, 5]),
  /** Of one ranking. */
  price: z.number().min(0).default(0.5),
  minutes: z.number().min(0).default(2),
  /** Wanted probability to order two new answers as the gold does. */
  target: z.number().gt(0.5).lt(1).default(0.8),
  /** Numbers that the learner reads off an answer: its capacity. */
  dimension: z.number().int().min(1).max(256).default(32),
  /** Share of the gold's variance that those numbers can express; the rest no number of labels teaches. */
  reach: z.number().gt(0).max(1).default(0.8),
  /** Weigh annotators by how far they agree with what is learned. */
  weights: z.enum(['equal', 'agreement']).default('equal'),
  /** Independent worlds: intervals are over them. */
  worlds: z.number().int().min(2).max(200).default(6),
});
export type CampaignConfig = z.infer<typeof campaignConfig>;

/**
 * Accuracy of annotators of whom two agree on the order of two answers with this probability: both perceive the difference with correlation r to the gold, so
 * r^2 to each other, and agreement is 1/2 + asin(r^2) / pi (Sheppard 1899). Takes them as equally good and their errors as their own.
 */
export function accuracyFromAgreement(agreement: number): number {
  if (!(agreement > 0.5 && agreement <= 1)) throw new RangeError(`agreement lies above 0.5 and up to 1, got ${agreement}`);
  const correlation = Math.sqrt(Math.sin(Math.PI * (agreement - 0.5)));
  return 0.5 + Math.asin(correlation) / Math.PI;
}
