import { createRandom, type Random } from '#lib/domain/random';
import { type Cluster, clusterBootstrap } from '#lib/domain/statistics/cluster';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { wilsonInterval } from '#lib/domain/statistics/proportion';
import type { TokenRow } from '#lib/ml/batches';
import { rewardConfig } from '#lib/ml/trainers/reward-config';
import { type DataNote, type RewardExample, rewardExamples } from '#lib/ml/trainers/reward-data';
import type { JudgedPair, RankedPrompt } from '#lib/ml/trainers/reward-pairs';
import type { Split } from '#lib/ml/training/examples';
import { calibrationErrorAt, type RankingReport, reportRankings, type ScoredRanking, temperatureOf } from './ranking-report';

/** Accuracy of one annotator's judgements. Interval: Wilson's, since one person's prompts are mostly different ones. */
interface AnnotatorAccuracy {
  readonly annotatorId: string;
  readonly accuracy: Estimate;
}

export interface RewardReport {
  /** Share of judgements whose better answer scores strictly higher, and its 95 % interval by bootstrap over prompts; null where too little is judged. */
  readonly accuracy: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Judgements that prefer one answer; ties are in no accuracy. */
  readonly n: number;
  readonly ties: number;
  readonly prompts: number;
  /** Expected calibration error of sigmoid(difference of scores) over the margin bins. */
  readonly ece: number | null;
  /** The same after the temperature that suits these rankings best. */
  readonly calibratedEce: number | null;
  /** That temperature: scores divided by it; null where no temperature is best: chance is no worse, or every judgement is right. */
  readonly temperature: number | null;
  /** Accuracy of the rule "the longer answer is better" on the same judgements. */
  readonly lengthBaseline: number | null;
  /** Accuracy less that of the length rule, with a paired interval: both are resampled together. */
  readonly overLength: Estimate;
  /** Whether the model beats the length rule: yes or no where the interval of the difference is on one side of 0; null where these data do not decide it. */
  readonly beatsLength: boolean | null;
  /** The same in a sentence. */
  readonly verdict: string;
  /** Accuracy where the lengths of both answers differ by at most 15 % of the longer one: what is known beside length. */
  readonly lengthMatched: Estimate;
  readonly margins: RankingReport['margins'];
  /** Where it is known who judged; most judgements first. */
  readonly annotators: readonly AnnotatorAccuracy[];
  readonly notes: readonly DataNote[];
}

/** Share of the longer length. */
const matchedWithin = 0.15;

interface Counted {
  readonly correct: number;
  readonly longer: number;
  readonly total: number;
}

function countPair(
  { lengths, scores }: ScoredRanking,
  { first, losses, second, wins }: JudgedPair,
): Counted & { readonly matched: boolean } {
  const difference = (scores[first] as number) - (scores[second] as number);
  const [a, b] = [lengths[first] as number, lengths[second] as number];
  const total = wins + losses;
  return {
    correct: difference > 0 ? wins : difference < 0 ? losses : 0,
    longer: a > b ? wins : a < b ? losses : total / 2,
    total,
    matched: Math.abs(a - b) <= matchedWithin * Math.max(a, b),
  };
}

function verdictOf(overLength: Estimate): { readonly beatsLength: boolean | null; readonly verdict: string } {
  if (!overLength.defined) return { beatsLength: null, verdict: `Whether it beats the length rule cannot be told: ${overLength.reason}.` };
  const points = (value: number) => `${(100 * value).toFixed(1)} points`;
  const interval = `${points(overLength.value)} (95 % interval ${points(overLength.low)} to ${points(overLength.high)})`;
  if (overLength.low > 0) return { beatsLength: true, verdict: `It beats the rule "the longer answer is better": by ${interval}.` };
  if (overLength.high < 0)
    return { beatsLength: false, verdict: `It does not beat the rule "the longer answer is better": it is worse by ${interval}.` };
  return {
    beatsLength: null,
    verdict: `These data do not show that it beats the rule "the longer answer is better": the difference is ${interval}.`,
  };
}

/** What is known of a reward model from judged and scored answers: pure arithmetic. Pairs with equal scores count as wrong. */
export function reportReward(rankings: readonly ScoredRanking[], random: Random): Omit<RewardReport, 'notes'> {
  const report = reportRankings(rankings, random);
  const difference = new Map<string, Cluster>();
  const matched = new Map<string, Cluster>();
  const annotators = new Map<string, { correct: number; total: number }>();
  const add = (to: Map<string, Cluster>, promptId: string, numerator: number, denominator: number) => {
    const so = to.get(promptId) ?? { numerator: 0, denominator: 0 };
    to.set(promptId, { numerator: so.numerator + numerator, denominator: so.denominator + denominator });
  };
  for (const ranking of rankings) {
    for (const pair of ranking.pairs) {
      const counted = countPair(ranking, pair);
      add(difference, ranking.promptId, counted.correct - counted.longer, counted.total);
      if (counted.matched) add(matched, ranking.promptId, counted.correct, counted.total);
      if (pair.annotatorId === undefined) continue;
      const so = annotators.get(pair.annotatorId) ?? { correct: 0, total: 0 };
      annotators.set(pair.annotatorId, { correct: so.correct + counted.correct, total: so.total + counted.total });
    }
  }
  const overLength = clusterBootstrap([...difference.values()], { random: random.fork('over length') });
  const { accuracy, calibratingFactor, lengthBaseline } = report;
  return {
    accuracy: accuracy.defined ? accuracy.value : null,
    low: accuracy.defined ? accuracy.low : null,
    high: accuracy.defined ? accuracy.high : null,
    n: report.judgements,
    ties: report.ties,
    prompts: report.prompts,
    ece: report.calibrationError,
    calibratedEce: calibrationErrorAt(rankings, calibratingFactor),
    temperature: temperatureOf(report),
    lengthBaseline: lengthBaseline.defined ? lengthBaseline.value : null,
    overLength,
    ...verdictOf(overLength),
    lengthMatched: clusterBootstrap([...matched.values()], { random: random.fork('matched') }),
    margins: report.margins,
    annotators: [...annotators]
      .sort((a, b) => b[1].total - a[1].total || (a[0] < b[0] ? -1 : 1))
      .map(([annotatorId, { correct, total }]) => ({ annotatorId, accuracy: wilsonInterval(correct, total) })),
  };
}

/**
 * Scores all answers of `data` and reports. `score` is that of a model or an ensemble, raw or normalised. Lengths are tokens. Throws BAD_INPUT as reward
 * training does: for answers that do not fit, prompts in two splits, numbers that are none; nothing is left out silently (`notes`).
 */
export function evaluateReward(options: {
  readonly score: (rows: readonly TokenRow[]) => readonly number[];
  readonly data: readonly RankedPrompt[];
  readonly contextLength: number;
  /** By default all. */
  readonly split?: Split;
  readonly seed?: number;
}): RewardReport {
  const { contextLength, data, score, seed = 1, split } = options;
  // judgements stay apart by annotator where terms of annotators are learned
  const config = rewardConfig.parse({ terms: { accuracy: true } });
  const { examples, notes } = rewardExamples(data, config, contextLength);
  const used: RewardExample[] = split ? examples[split] : Object.values(examples).flat();
  const scores = score(used.flatMap(({ answers, prompt }) => answers.map((response) => ({ prompt, response }))));
  let at = 0;
  const rankings = used.map(({ answers, pairs, promptId }): ScoredRanking => {
    at += answers.length;
    return { promptId, pairs, scores: scores.slice(at - answers.length, at), lengths: answers.map(({ length }) => length) };
  });
  return { ...reportReward(rankings, createRandom(seed, 'evaluate reward')), notes };
}
