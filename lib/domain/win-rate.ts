import type { Comparison } from './comparison';
import type { Estimate } from './statistics/estimate';
import { undefinedEstimate } from './statistics/estimate';
import { wilsonInterval } from './statistics/proportion';

/** One blind comparison of the candidate with one baseline, with everything that people said about it. */
export interface BlindComparison {
  readonly candidateResponseId: string;
  readonly baselineResponseId: string;
  readonly judgements: readonly Comparison[];
}

/** 1 the candidate is better, 0 the baseline, 0.5 a tie; an answer set aside loses to one that is not; null where both are set aside. */
export function comparisonScore(comparison: Comparison, candidateId: string, baselineId: string): number | null {
  const candidate = comparison.ranks[candidateId];
  const baseline = comparison.ranks[baselineId];
  if (candidate === undefined && baseline === undefined) return null;
  if (candidate === undefined) return 0;
  if (baseline === undefined) return 1;
  if (candidate === baseline) return 0.5;
  return candidate < baseline ? 1 : 0;
}

/**
 * Share of prompts on which people preferred the candidate: each prompt counts once (the mean of its judgements; a tie is half a win),
 * with Wilson's interval over prompts.
 */
export function winRate(comparisons: readonly BlindComparison[]): Estimate {
  let wins = 0;
  let counted = 0;
  for (const comparison of comparisons) {
    const scores = comparison.judgements
      .map((judgement) => comparisonScore(judgement, comparison.candidateResponseId, comparison.baselineResponseId))
      .filter((score) => score !== null);
    if (scores.length === 0) continue;
    wins += scores.reduce((sum, score) => sum + score, 0) / scores.length;
    counted += 1;
  }
  return counted === 0 ? undefinedEstimate('nobody has compared an answer yet', 0) : wilsonInterval(wins, counted);
}
