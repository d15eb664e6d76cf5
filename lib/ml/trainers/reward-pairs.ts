import { AppError } from '#lib/errors';
import { type JudgeTerms, judgementLoss, type PairCounts, plainJudge, type TieModel } from '#lib/ml/numerics-preferences';
import type { Split } from '#lib/ml/training/examples';

/** What one annotator said of all answers to a prompt. */
interface Ranking {
  /** Null where nobody is known: then no annotator terms are learned of it. */
  readonly annotatorId: string | null;
  /** The dense rank of each response (1 = best, equal = tie), null where it was set aside. */
  readonly ranks: readonly (number | null)[];
  /** How clear the preferences are, on the scale of the margin table. */
  readonly strength?: number | null;
  /** How much the judgement counts; 1 by default. */
  readonly weight?: number;
  /** The place at which each response was shown, from 0; null where it was not. */
  readonly shown?: readonly (number | null)[];
}

/** What one annotator said of two answers: for data where many answers were compared in pairs and never ranked as a whole. */
export interface Comparison {
  readonly annotatorId: string | null;
  /** Numbers of two responses. */
  readonly first: number;
  readonly second: number;
  readonly better: 'first' | 'second' | 'neither';
  readonly strength?: number | null;
  readonly weight?: number;
  /** Which of the two was shown first, where that is known. */
  readonly shownFirst?: 'first' | 'second';
}

/** A prompt with K answers and what annotators said about them. */
export interface RankedPrompt {
  readonly promptId: string;
  readonly split: Split;
  /** Token ids with BOS. */
  readonly prompt: readonly number[];
  readonly responses: readonly { readonly responseId: string; readonly tokens: readonly number[] }[];
  readonly rankings: readonly Ranking[];
  /** Beside the rankings; both count alike. */
  readonly comparisons?: readonly Comparison[];
}

/** Two responses of one prompt and how often each was judged better, weighted: one entry for each annotator, margin and place that make a difference. */
export interface JudgedPair extends PairCounts {
  readonly first: number;
  readonly second: number;
  /** Where judgements are kept apart by annotator. */
  readonly annotatorId?: string;
  readonly margin?: number;
  /** 1: the first was shown first, -1: the second; absent where it is not known or makes no difference. */
  readonly position?: 1 | -1;
}

/** Margin by strength; 'strength': the strength is the margin (TRL's column `margin`). */
export type MarginTable = Readonly<Record<string, number>> | 'strength';

export interface JudgingOptions {
  /** Margin of a preference by its strength. */
  readonly margins?: MarginTable;
  /** Factors on the weight of an annotator's judgements; 1 for who is not named. */
  readonly annotatorWeights?: Readonly<Record<string, number>>;
  /** Keep judgements apart by annotator, and by what was shown first: what annotator terms need. */
  readonly apart?: boolean;
}

/**
 * Margins of Llama 2 (2307.09288, table 27) by strength: 3 significantly better, 2 better, 1 slightly better, 0 negligibly better or unsure.
 */
export const llama2Margins = {
  llama2Small: { '3': 1, '2': 2 / 3, '1': 1 / 3, '0': 0 },
  llama2Large: { '3': 3, '2': 2, '1': 1, '0': 0 },
} as const satisfies Record<string, Readonly<Record<string, number>>>;

/** One judgement of two responses, first < second. */
interface Judgement {
  readonly first: number;
  readonly second: number;
  readonly outcome: keyof PairCounts;
  readonly weight: number;
  readonly annotatorId: string | null;
  readonly strength: number | null;
  readonly position: 1 | -1 | 0;
}

type Judged = Pick<RankedPrompt, 'responses' | 'rankings' | 'comparisons'>;

/** 1 where the first of two answers was shown first, -1 where the second was, 0 where that is not known. */
function shownFirst(first: number | null, second: number | null): 1 | -1 | 0 {
  if (first === null || second === null) return 0;
  return first < second ? 1 : -1;
}

function* rankedJudgements(ranking: Ranking, count: number): Generator<Judgement> {
  const { annotatorId, ranks, shown, strength = null, weight = 1 } = ranking;
  for (let first = 0; first < count; first += 1) {
    for (let second = first + 1; second < count; second += 1) {
      const a = ranks[first] ?? null;
      const b = ranks[second] ?? null;
      if (a === null || b === null) continue;
      const outcome = a < b ? 'wins' : a > b ? 'losses' : 'ties';
      const position = shownFirst(shown?.[first] ?? null, shown?.[second] ?? null);
      yield { first, second, outcome, weight, annotatorId, strength, position };
    }
  }
}

function comparedJudgement({ annotatorId, better, first, second, shownFirst, strength = null, weight = 1 }: Comparison): Judgement {
  const turned = first > second;
  const outcome = better === 'neither' ? 'ties' : (better === 'first') !== turned ? 'wins' : 'losses';
  const position = shownFirst === undefined ? 0 : (shownFirst === 'first') !== turned ? 1 : -1;
  return { first: Math.min(first, second), second: Math.max(first, second), outcome, weight, annotatorId, strength, position };
}

/** Every judgement of two different responses of a prompt. */
export function* judgements({ comparisons = [], rankings, responses }: Judged): Generator<Judgement> {
  for (const ranking of rankings) yield* rankedJudgements(ranking, responses.length);
  for (const comparison of comparisons) yield comparedJudgement(comparison);
}

function marginOf({ outcome, strength }: Judgement, margins: MarginTable): number {
  if (outcome === 'ties' || strength === null) return 0;
  if (margins === 'strength') return strength;
  const margin = margins[String(strength)];
  if (margin !== undefined) return margin;
  throw new AppError('BAD_INPUT', `A preference has strength ${strength}; the margin table knows ${Object.keys(margins).join(', ')}.`, {
    details: { field: 'margins', strength },
    remedy: 'Add the strength to the table of margins.',
  });
}

/** All pairs that at least one judgement compares, first < second, in their order. Throws BAD_INPUT for a strength that has no margin. */
export function judgedPairs(prompt: Judged, options: JudgingOptions = {}): JudgedPair[] {
  const { annotatorWeights = {}, apart = false, margins } = options;
  const cells = new Map<string, JudgedPair>();
  for (const judgement of judgements(prompt)) {
    const { annotatorId, first, outcome, position, second } = judgement;
    const weight = judgement.weight * (annotatorId === null ? 1 : (annotatorWeights[annotatorId] ?? 1));
    if (weight === 0) continue;
    const margin = margins ? marginOf(judgement, margins) : 0;
    const known = { ...(margin === 0 ? {} : { margin }), ...(apart && annotatorId !== null ? { annotatorId } : {}) };
    const where = { first, second, ...known, ...(apart && position !== 0 ? { position } : {}) };
    const key = JSON.stringify(where);
    const cell = cells.get(key) ?? { ...where, wins: 0, losses: 0, ties: 0 };
    cells.set(key, { ...cell, [outcome]: cell[outcome] + weight });
  }
  return [...cells.values()].sort((a, b) => a.first - b.first || a.second - b.second);
}

/** Weight of all judgements of pairs. */
export function judgementWeight(pairs: readonly PairCounts[]): number {
  return pairs.reduce((sum, pair) => sum + pair.wins + pair.losses + pair.ties, 0);
}

/**
 * K-wise loss of one prompt (InstructGPT 2203.02155 eq. 1): the mean over its judgements of -log P(what was said), all pairs of a prompt in one batch
 * element. Tied pairs count in the divisor; several annotations of a pair average to a soft label. Returns d(loss)/d(score) too.
 */
export function rankingLoss(
  scores: readonly number[],
  pairs: readonly JudgedPair[],
  ties: TieModel = { kind: 'soft' },
  termsOf: (pair: JudgedPair) => JudgeTerms = ({ margin = 0 }) => ({ ...plainJudge, margin }),
): { readonly loss: number; readonly gradient: number[] } {
  const gradient = scores.map(() => 0);
  const total = judgementWeight(pairs);
  let loss = 0;
  for (const pair of pairs) {
    const difference = (scores[pair.first] as number) - (scores[pair.second] as number);
    const part = judgementLoss(difference, pair, termsOf(pair), ties);
    loss += part.loss / total;
    gradient[pair.first] = (gradient[pair.first] as number) + part.byFirst / total;
    gradient[pair.second] = (gradient[pair.second] as number) - part.byFirst / total;
  }
  return { loss, gradient };
}
