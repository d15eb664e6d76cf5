import type { Random } from '#lib/domain/random';
import { type Cluster, clusterBootstrap } from '#lib/domain/statistics/cluster';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { sigmoid } from '#lib/ml/numerics';
import { plainJudge } from '#lib/ml/numerics-preferences';
import { type JudgedPair, rankingLoss } from '#lib/ml/trainers/reward-pairs';

/** The answers to one prompt, of one round, as a reward model scored them. */
export interface ScoredRanking {
  /** Answers of several rounds to one prompt are one cluster. */
  readonly promptId: string;
  readonly scores: readonly number[];
  /** Tokens of each response. */
  readonly lengths: readonly number[];
  readonly pairs: readonly JudgedPair[];
}

interface MarginBin {
  /** Bounds of |difference of scores|; high is null in the last bin. */
  readonly low: number;
  readonly high: number | null;
  readonly judgements: number;
  readonly accuracy: number | null;
  /** Mean of sigmoid(|difference|): what a calibrated model would reach. */
  readonly expected: number | null;
}

export interface RankingReport {
  /** Different prompts. */
  readonly prompts: number;
  /** Judgements that prefer one answer; ties are left out of every accuracy. */
  readonly judgements: number;
  readonly ties: number;
  readonly loss: number;
  /**
   * The loss when all scores are multiplied by the one factor that suits them best (temperature scaling, Guo et al. 1706.04599), and that
   * factor; below 1 = the scores are too sure of themselves. What a model knows apart from its scale, which normalisation takes away.
   */
  readonly calibratedLoss: number;
  readonly calibratingFactor: number;
  /** Share of judgements whose better answer scores strictly higher; interval by bootstrap over prompts. */
  readonly accuracy: Estimate;
  /** The same for the rule "the longer answer is better" (equal lengths count one half): what length alone explains. */
  readonly lengthBaseline: Estimate;
  readonly margins: readonly MarginBin[];
  /** Expected calibration error over the margin bins: sum of (share of judgements) |accuracy - expected|. */
  readonly calibrationError: number | null;
}

/** Bradley and Terry's loss, whatever was trained with: without margins and terms of annotators, ties half and half. Comparable between runs. */
function plainLoss(scores: readonly number[], pairs: readonly JudgedPair[]) {
  return rankingLoss(scores, pairs, { kind: 'soft' }, () => plainJudge);
}

const largestFactor = 100;

/** T that scores are to be divided by; null where no T is best: they order no better than chance, or all that was judged rightly. */
export function temperatureOf({ calibratingFactor }: Pick<RankingReport, 'calibratingFactor'>): number | null {
  return calibratingFactor > 0 && calibratingFactor < largestFactor ? 1 / calibratingFactor : null;
}

/** Minimises the mean ranking loss over one factor >= 0 on all scores: the loss is convex in it, so its slope is bisected. */
function calibrate(rankings: readonly ScoredRanking[]): { readonly factor: number; readonly loss: number } {
  const at = (factor: number) => {
    let loss = 0;
    let slope = 0;
    for (const { scores, pairs } of rankings) {
      const result = plainLoss(
        scores.map((score) => factor * score),
        pairs,
      );
      loss += result.loss / rankings.length;
      slope += result.gradient.reduce((sum, value, index) => sum + value * (scores[index] as number), 0);
    }
    return { factor, loss, slope };
  };
  let [low, high] = [0, largestFactor];
  // Even a factor of 0, chance, is better than how these scores order.
  if (!(at(low).slope < 0)) return at(low);
  if (at(high).slope < 0) return at(high);
  for (let round = 0; round < 50; round += 1) {
    const middle = (low + high) / 2;
    if (at(middle).slope < 0) low = middle;
    else high = middle;
  }
  return at((low + high) / 2);
}

const binEdges = [0, 0.25, 0.5, 1, 2] as const;

/** Judgements by the size of the difference of scores, with the accuracy there and the one that a calibrated model would reach. */
function marginBins(rankings: readonly ScoredRanking[]): MarginBin[] {
  const bins = binEdges.map(() => ({ judgements: 0, correct: 0, expected: 0 }));
  for (const { pairs, scores } of rankings) {
    for (const { first, losses, second, wins } of pairs) {
      const difference = (scores[first] as number) - (scores[second] as number);
      const bin = bins[binEdges.findLastIndex((edge) => Math.abs(difference) >= edge)];
      if (bin === undefined) continue;
      bin.judgements += wins + losses;
      bin.correct += difference > 0 ? wins : difference < 0 ? losses : 0;
      bin.expected += (wins + losses) * sigmoid(Math.abs(difference));
    }
  }
  return bins.map(({ correct, expected, judgements }, index): MarginBin => {
    const filled = judgements > 0;
    return {
      low: binEdges[index] as number,
      high: binEdges[index + 1] ?? null,
      judgements,
      accuracy: filled ? correct / judgements : null,
      expected: filled ? expected / judgements : null,
    };
  });
}

/** Expected calibration error over margin bins: sum of (share of judgements) |accuracy - expected|; null where nothing was judged. */
function calibrationErrorOf(bins: readonly MarginBin[]): number | null {
  const judgements = bins.reduce((sum, bin) => sum + bin.judgements, 0);
  if (judgements === 0) return null;
  return bins.reduce((sum, bin) => sum + (bin.judgements / judgements) * Math.abs((bin.accuracy ?? 0) - (bin.expected ?? 0)), 0);
}

/** The calibration error when all scores are multiplied by `factor`. */
export function calibrationErrorAt(rankings: readonly ScoredRanking[], factor: number): number | null {
  return calibrationErrorOf(marginBins(rankings.map((ranking) => ({ ...ranking, scores: ranking.scores.map((score) => score * factor) }))));
}

/** What is known about a reward model from held-out rankings. Pairs with equal scores count as wrong. */
export function reportRankings(rankings: readonly ScoredRanking[], random: Random): RankingReport {
  const judged = rankings.filter((ranking) => ranking.pairs.length > 0);
  const clusters = new Map<string, { correct: number; longer: number; total: number }>();
  let loss = 0;
  let ties = 0;
  for (const { promptId, scores, lengths, pairs } of judged) {
    loss += plainLoss(scores, pairs).loss / judged.length;
    const cluster = clusters.get(promptId) ?? { correct: 0, longer: 0, total: 0 };
    clusters.set(promptId, cluster);
    for (const { first, second, wins, losses, ties: tied } of pairs) {
      const difference = (scores[first] as number) - (scores[second] as number);
      const longer = (lengths[first] as number) - (lengths[second] as number);
      const correct = difference > 0 ? wins : difference < 0 ? losses : 0;
      ties += tied;
      cluster.total += wins + losses;
      cluster.correct += correct;
      cluster.longer += longer > 0 ? wins : longer < 0 ? losses : (wins + losses) / 2;
    }
  }
  const calibrated = calibrate(judged);
  const counted = [...clusters.values()];
  const judgements = counted.reduce((sum, cluster) => sum + cluster.total, 0);
  const accuracy: Cluster[] = counted.map(({ correct, total }) => ({ numerator: correct, denominator: total }));
  const byLength: Cluster[] = counted.map(({ longer, total }) => ({ numerator: longer, denominator: total }));
  const margins = marginBins(judged);
  return {
    prompts: clusters.size,
    judgements,
    ties,
    loss,
    calibratedLoss: calibrated.loss,
    calibratingFactor: calibrated.factor,
    accuracy: clusterBootstrap(accuracy, { random: random.fork('accuracy') }),
    lengthBaseline: clusterBootstrap(byLength, { random: random.fork('length') }),
    margins,
    calibrationError: calibrationErrorOf(margins),
  };
}
