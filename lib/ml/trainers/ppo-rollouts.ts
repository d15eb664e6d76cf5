import { createRandom } from '#lib/domain/random';
import {
  explainedVariance,
  generalisedAdvantages,
  moments,
  scoreWithEnding,
  scoreWithLength,
  shapedRewards,
  whiten,
} from '#lib/ml/numerics';
import type { Episode, RewardScorer, RewardScores, TrainingPrompt } from '#lib/ml/training/examples';
import type { TokenRows } from '#lib/ml/training/token-rows';
import { checkFinite, checkScores } from './ppo-checks';
import type { PpoConfig } from './ppo-config';
import { type RowLimits, readByEpisode } from './ppo-rows';

/** A rollout batch with everything that stays fixed during its inner epochs; arrays by episode, by token. */
export interface Rollout {
  readonly episodes: readonly Episode[];
  readonly logProbs: readonly Float64Array[];
  readonly referenceLogProbs: readonly Float64Array[];
  readonly values: readonly Float64Array[];
  readonly returns: readonly Float64Array[];
  /** Whitened over all tokens of the batch. */
  readonly advantages: readonly Float64Array[];
  readonly metrics: Readonly<Record<string, number>>;
  /** Summed k1 of each episode. */
  readonly kls: readonly number[];
  /** Their mean: what the adaptive coefficient steers by. */
  readonly kl: number;
}

/** Episode number `index` of the run takes this prompt: each pass over the prompts has its own order, a function of (seed, pass). */
export function promptAt(
  prompts: readonly TrainingPrompt[],
  seed: number,
  index: number,
  cache: Map<number, readonly TrainingPrompt[]>,
): TrainingPrompt {
  const pass = Math.floor(index / prompts.length);
  let order = cache.get(pass);
  if (order === undefined) {
    order = createRandom(seed, 'ppo', 'prompts', pass).shuffle(prompts);
    cache.clear();
    cache.set(pass, order);
  }
  return order[index % prompts.length] as TrainingPrompt;
}

const total = (row: ArrayLike<number>): number => {
  let sum = 0;
  for (let t = 0; t < row.length; t += 1) sum += row[t] as number;
  return sum;
};
const average = (values: readonly number[]): number => total(values) / values.length;

/** What the three models say of the tokens of given rows, without gradient. */
export interface Readers {
  readonly policy: (rows: TokenRows) => Float32Array;
  readonly reference: (rows: TokenRows) => Float32Array;
  readonly value: (rows: TokenRows) => Float32Array;
}

/** The score that is learnt from: bounded, then the rules about length and ending. */
function ruledScore(score: number, { ended, response }: Episode, config: PpoConfig): number {
  const bound = config.scoreClip ?? Number.POSITIVE_INFINITY;
  const bounded = Math.min(Math.max(score, -bound), bound);
  const long = scoreWithLength(bounded, response.length - (ended ? 1 : 0), config.minimumLength);
  return scoreWithEnding(long, ended, config.missingEos);
}

const shareBeyond = (scores: readonly number[], bound: number): number => average(scores.map((score) => (Math.abs(score) > bound ? 1 : 0)));

/** Mean of each part of the reward, by its name in docs/metrics.md. */
function partMetrics({ parts = {} }: RewardScores): Record<string, number> {
  return Object.fromEntries(Object.entries(parts).map(([name, values]) => [`reward/part/${name}`, average(values)]));
}

/**
 * Scores episodes and works out what PPO learns from: r_t = -beta k(log pi - log ref) + score at the last token, GAE, whitened advantages. Log-probabilities
 * are computed here with the training forward pass, not taken from the sampler. Throws INVARIANT naming what is not finite.
 */
export async function judgeEpisodes(options: {
  readonly episodes: readonly Episode[];
  readonly readers: Readers;
  readonly limits: RowLimits;
  readonly reward: RewardScorer;
  readonly beta: number;
  readonly step: number;
  readonly config: PpoConfig;
  readonly signal: AbortSignal;
}): Promise<Rollout> {
  const { beta, config, episodes, limits, readers, signal, step } = options;
  const scored = await options.reward(episodes, signal);
  checkScores(scored, episodes, step);
  const read = readByEpisode(episodes, limits, config.scoreBatchSize, { ...readers });
  const { policy: logProbs, reference: referenceLogProbs, value: values } = read;
  checkFinite(logProbs, 'policy log-probabilities', step);
  checkFinite(referenceLogProbs, 'reference log-probabilities', step);
  checkFinite(values, 'values', step);
  const scores = scored.total.map((score, index) => ruledScore(score, episodes[index] as Episode, config));
  // with the penalty in the loss, a token's reward is the score alone
  const penalty = config.klPlacement === 'reward' ? beta : 0;
  const shaped = logProbs.map((row, index) =>
    shapedRewards(row, referenceLogProbs[index] as Float64Array, scores[index] as number, penalty, config.klEstimator),
  );
  const rewards = config.whitenRewards ? whiten(shaped, { ddof: config.whiteningDdof, keepMean: true }) : shaped;
  const estimates = rewards.map((row, index) => generalisedAdvantages(row, values[index] as Float64Array, config.gamma, config.lambda));
  const returns = estimates.map((estimate) => estimate.returns);
  const advantages = estimates.map((estimate) => estimate.advantages);
  const kls = logProbs.map((row, index) => total(row) - total(referenceLogProbs[index] as Float64Array));
  const kl = average(kls);
  const tokens = logProbs.reduce((sum, row) => sum + row.length, 0);
  const explained = explainedVariance(values, returns);
  return {
    episodes,
    logProbs,
    referenceLogProbs,
    values,
    returns,
    advantages: config.whitenAdvantages ? whiten(advantages, { ddof: config.whiteningDdof }) : advantages,
    kls,
    kl,
    metrics: {
      'reward/mean': average(shaped.map(total)),
      'reward/score': average(scored.total),
      'reward/scoreStd': Math.sqrt(moments([scored.total], 0).variance),
      ...(config.scoreClip === null ? {} : { 'reward/clippedShare': shareBeyond(scored.total, config.scoreClip) }),
      ...partMetrics(scored),
      'policy/kl': kl,
      'policy/klPerToken': (kl * episodes.length) / tokens,
      'policy/entropy': -logProbs.reduce((sum, row) => sum + total(row), 0) / tokens,
      'policy/klCoefficient': beta,
      'answer/length': tokens / episodes.length,
      'answer/eosRate': average(episodes.map((episode) => (episode.ended ? 1 : 0))),
      'value/mean': moments(values, 0).mean,
      // undefined where returns do not vary
      ...(Number.isFinite(explained) ? { 'value/explainedVariance': explained } : {}),
    },
  };
}
