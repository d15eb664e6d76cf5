import type { Random } from '#lib/domain/random';
import { type Cluster, clusterBootstrap } from '#lib/domain/statistics/cluster';
import type { Estimate } from '#lib/domain/statistics/estimate';

/** One judgement between the candidate and what it is compared with, on the answers to one prompt. */
export interface Outcome {
  readonly promptId: string;
  readonly outcome: 'win' | 'tie' | 'loss';
}

export interface WinRate {
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
  /** (wins + ties / 2) / judgements, interval by bootstrap over prompts. 0.5 = no better. */
  readonly rate: Estimate;
}

export function winRate(outcomes: readonly Outcome[], random: Random, level = 0.95): WinRate {
  const byPrompt = new Map<string, Cluster>();
  const counts = { win: 0, tie: 0, loss: 0 };
  const worth = { win: 1, tie: 0.5, loss: 0 } as const;
  for (const { promptId, outcome } of outcomes) {
    counts[outcome] += 1;
    const cluster = byPrompt.get(promptId) ?? { numerator: 0, denominator: 0 };
    byPrompt.set(promptId, { numerator: cluster.numerator + worth[outcome], denominator: cluster.denominator + 1 });
  }
  return { wins: counts.win, ties: counts.tie, losses: counts.loss, rate: clusterBootstrap([...byPrompt.values()], { random, level }) };
}

/** The outcome of two scores; `threshold` apart or less is a tie. */
export function outcomeOf(candidate: number, other: number, threshold = 0): Outcome['outcome'] {
  const difference = candidate - other;
  return Math.abs(difference) <= threshold ? 'tie' : difference > 0 ? 'win' : 'loss';
}
