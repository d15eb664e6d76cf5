/**
 * The likelihoods of preference learning on plain numbers, each with its derivatives: no tensors, no state. Their tensor twins are in
 * lib/ml/trainers/reward-losses.ts; the tests hold the two together.
 */
import { logSigmoid, sigmoid } from './numerics';

/**
 * How a judgement of two answers with the difference of rewards a = r_first - r_second can come out:
 * - `soft`: Bradley and Terry (1952), P(first) = sigmoid(a); a tie is half a win and half a loss, which is no probability of a tie;
 * - `davidson` (Davidson 1970, eq. 2.3): with Z = e^(a/2) + e^(-a/2) + nu: P(first) = e^(a/2) / Z, P(tie) = nu / Z;
 * - `raoKupper` (Rao and Kupper 1967): P(first) = sigmoid(a - ln theta), P(second) = sigmoid(-a - ln theta), P(tie) = the rest, which is
 *   (theta^2 - 1) P(first) P(second); theta > 1.
 */
export type TieModel =
  | { readonly kind: 'soft' }
  | { readonly kind: 'davidson'; readonly nu: number }
  | { readonly kind: 'raoKupper'; readonly theta: number };

/** log P of an outcome with its derivatives by the difference and by nu or theta. */
interface Outcome {
  readonly log: number;
  readonly byDifference: number;
  readonly byTie: number;
}

/** The three outcomes at difference `a`. Under `soft` a tie has no probability: its log is -infinity. */
export function outcomes(a: number, ties: TieModel): { readonly first: Outcome; readonly second: Outcome; readonly tie: Outcome } {
  if (ties.kind === 'davidson') {
    const { nu } = ties;
    const peak = Math.abs(a) / 2;
    const logZ = peak + Math.log(Math.exp(a / 2 - peak) + Math.exp(-a / 2 - peak) + nu * Math.exp(-peak));
    const perNu = Math.exp(-logZ);
    const slope = (Math.exp(a / 2 - logZ) - Math.exp(-a / 2 - logZ)) / 2;
    return {
      first: { log: a / 2 - logZ, byDifference: 0.5 - slope, byTie: -perNu },
      second: { log: -a / 2 - logZ, byDifference: -0.5 - slope, byTie: -perNu },
      tie: { log: Math.log(nu) - logZ, byDifference: -slope, byTie: 1 / nu - perNu },
    };
  }
  const theta = ties.kind === 'raoKupper' ? ties.theta : 1;
  const edge = Math.log(theta);
  const first = { log: logSigmoid(a - edge), byDifference: sigmoid(edge - a), byTie: -sigmoid(edge - a) / theta };
  const second = { log: logSigmoid(-a - edge), byDifference: -sigmoid(a + edge), byTie: -sigmoid(a + edge) / theta };
  const more = theta * theta - 1;
  return {
    first,
    second,
    tie: {
      log: Math.log(more) + first.log + second.log,
      byDifference: first.byDifference + second.byDifference,
      byTie: (2 * theta) / more + first.byTie + second.byTie,
    },
  };
}

/** What several judgements of one pair by one annotator said, weighted. */
export interface PairCounts {
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
}

/** What is known or learned of the judge; what is not is 1, 1, 0 and 0. */
export interface JudgeTerms {
  /** eta in eta P + (1 - eta) P', with P' the probability of the opposite: CrowdBT (Chen et al. 2013, eq. 5). Ties are not mixed. */
  readonly accuracy: number;
  /** Factor on the difference of rewards: how sharply the annotator tells answers apart. */
  readonly temperature: number;
  /** Added to the difference: gamma (first was shown first) + lambda (difference of lengths). */
  readonly shift: number;
  /** m in -log P(winner) at difference - m: Llama 2 (2307.09288, eq. 2). Ties have none. */
  readonly margin: number;
}

export const plainJudge: JudgeTerms = { accuracy: 1, temperature: 1, shift: 0, margin: 0 };

export interface JudgementLoss {
  readonly loss: number;
  /** d(loss)/d(r_first); by r_second it is the negative. */
  readonly byFirst: number;
  readonly byTemperature: number;
  readonly byShift: number;
  readonly byAccuracy: number;
  readonly byTie: number;
}

/** cDPO's label noise (Mitchell 2023): each decided label is the other one with probability `smoothing`. */
export function smoothed({ losses, ties, wins }: PairCounts, smoothing: number): PairCounts {
  return { wins: (1 - smoothing) * wins + smoothing * losses, losses: (1 - smoothing) * losses + smoothing * wins, ties };
}

/** log(eta P + (1 - eta) P') with its derivatives. */
function mixed(said: Outcome, opposite: Outcome, accuracy: number): Outcome & { readonly byAccuracy: number } {
  if (accuracy === 1) return { ...said, byAccuracy: 1 - Math.exp(opposite.log - said.log) };
  const peak = Math.max(said.log, opposite.log);
  const log = peak + Math.log(accuracy * Math.exp(said.log - peak) + (1 - accuracy) * Math.exp(opposite.log - peak));
  const share = accuracy * Math.exp(said.log - log);
  const rest = (1 - accuracy) * Math.exp(opposite.log - log);
  return {
    log,
    byDifference: share * said.byDifference + rest * opposite.byDifference,
    byTie: share * said.byTie + rest * opposite.byTie,
    byAccuracy: Math.exp(said.log - log) - Math.exp(opposite.log - log),
  };
}

/**
 * -wins log P(first at a - m) - losses log P(second at a + m) - ties log P(tie at a), with a = temperature (r_first - r_second) + shift;
 * under `soft` a tie is half a win and half a loss without margin.
 */
export function judgementLoss(difference: number, counts: PairCounts, terms: JudgeTerms, ties: TieModel): JudgementLoss {
  const { accuracy, margin, shift, temperature } = terms;
  const a = temperature * difference + shift;
  let loss = 0;
  let slope = 0;
  let byAccuracy = 0;
  let byTie = 0;
  const add = (weight: number, outcome: Outcome & { readonly byAccuracy?: number }) => {
    if (weight === 0) return;
    loss -= weight * outcome.log;
    slope -= weight * outcome.byDifference;
    byTie -= weight * outcome.byTie;
    byAccuracy -= weight * (outcome.byAccuracy ?? 0);
  };
  const won = outcomes(a - margin, ties);
  const lost = outcomes(a + margin, ties);
  add(counts.wins, mixed(won.first, won.second, accuracy));
  add(counts.losses, mixed(lost.second, lost.first, accuracy));
  const level = outcomes(a, ties);
  if (ties.kind === 'soft') {
    add(counts.ties / 2, mixed(level.first, level.second, accuracy));
    add(counts.ties / 2, mixed(level.second, level.first, accuracy));
  } else add(counts.ties, level.tie);
  return { loss, byFirst: slope * temperature, byTemperature: slope * difference, byShift: slope, byAccuracy, byTie };
}

/**
 * -sum over places k of log(e^(r_k) / sum over j not ranked above k of e^(r_j)) for scores listed from the best rank to the worst: Plackett (1975),
 * Luce (1959). Tied answers stand in each other's denominators (Breslow 1974).
 */
export function plackettLuceLoss(scores: readonly number[], ranks: readonly number[]): number {
  let loss = 0;
  for (const [index, score] of scores.entries()) {
    const rank = ranks[index] as number;
    const rivals = scores.filter((_, other) => (ranks[other] as number) >= rank);
    if (rivals.length > 1) loss += logSumExp(rivals) - score;
  }
  return loss;
}

/** -log softmax(scores)[best]: best-of-K cross-entropy (Ziegler et al. 1909.08593, eq. 1); several best share the target. */
export function bestOfKLoss(scores: readonly number[], ranks: readonly number[]): number {
  const top = Math.min(...ranks);
  const best = scores.filter((_, index) => ranks[index] === top);
  return logSumExp(scores) - best.reduce((sum, score) => sum + score, 0) / best.length;
}

function logSumExp(values: readonly number[]): number {
  const peak = Math.max(...values);
  return peak + Math.log(values.reduce((sum, value) => sum + Math.exp(value - peak), 0));
}
