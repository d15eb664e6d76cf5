import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import type { TokenRow } from '#lib/ml/batches';
import type { Engine } from '#lib/ml/engine/engine';
import { responseLogProbs, responseValues } from '#lib/ml/forward';
import { generate } from '#lib/ml/generation/generate';
import type { LanguageModel, ScalarModel } from '#lib/ml/nn/language-model';
import { explainedVariance, generalisedAdvantages, moments, scoreWithEnding, shapedRewards, whiten } from '#lib/ml/numerics';
import type { PpoConfig } from './ppo-config';

export interface PpoPrompt {
  readonly promptId: string;
  /** Token ids with BOS. */
  readonly tokens: readonly number[];
}

/** One sampled answer. `response` holds the end token where the model ended it. */
export interface Episode extends TokenRow {
  readonly promptId: string;
  readonly ended: boolean;
}

/**
 * What answers are worth: a reward model (see createRewardScorer) or any rule. One number an episode, in their order, on the normalised scale.
 * A scorer that cannot score throws; it never answers with a stand-in.
 */
export type RewardScorer = (episodes: readonly Episode[]) => readonly number[] | Promise<readonly number[]>;

/** A rollout batch with everything that stays fixed during its inner epochs; arrays by episode, by token. */
export interface Rollout {
  readonly episodes: readonly Episode[];
  readonly logProbs: readonly Float64Array[];
  readonly values: readonly Float64Array[];
  readonly returns: readonly Float64Array[];
  /** Whitened over all tokens of the batch. */
  readonly advantages: readonly Float64Array[];
  readonly metrics: Readonly<Record<string, number>>;
  /** Mean over episodes of the summed k1: what the adaptive coefficient steers by. */
  readonly kl: number;
}

/** Episode number `index` of the run takes this prompt: each pass over the prompts has its own order, a function of (seed, pass). */
export function promptAt(prompts: readonly PpoPrompt[], seed: number, index: number, cache: Map<number, readonly PpoPrompt[]>): PpoPrompt {
  const pass = Math.floor(index / prompts.length);
  let order = cache.get(pass);
  if (order === undefined) {
    order = createRandom(seed, 'ppo', 'prompts', pass).shuffle(prompts);
    cache.clear();
    cache.set(pass, order);
  }
  return order[index % prompts.length] as PpoPrompt;
}

/** Samples one answer a prompt. Streams are keyed by (seed, step), so a resumed run samples what the unbroken one would have. */
export async function sampleEpisodes(options: {
  readonly engine: Engine;
  readonly policy: LanguageModel;
  readonly prompts: readonly PpoPrompt[];
  readonly config: PpoConfig;
  readonly stopIds: readonly number[];
  readonly stream: string;
  readonly signal: AbortSignal;
}): Promise<Episode[]> {
  const { engine, policy, prompts, config, stopIds, stream, signal } = options;
  const episodes = new Array<Episode | undefined>(prompts.length).fill(undefined);
  for await (const answer of generate({
    engine,
    model: policy,
    prompts: prompts.map((prompt) => prompt.tokens),
    // A prompt may stand twice in a batch (fewer prompts than episodes): its place keeps the two apart.
    promptKeys: prompts.map((prompt, place) => `${prompt.promptId}/${place}`),
    samplesPerPrompt: 1,
    maxNewTokens: config.maxNewTokens,
    temperature: config.temperature,
    seed: createRandom(config.seed, 'ppo', stream).integer(2 ** 31),
    batchSize: config.generationBatchSize,
    stopIds,
    signal,
  })) {
    const prompt = prompts[answer.promptIndex] as PpoPrompt;
    episodes[answer.promptIndex] = {
      promptId: prompt.promptId,
      prompt: prompt.tokens,
      response: answer.tokenIds,
      ended: answer.finishReason === 'eos',
    };
  }
  return episodes.map((episode, index) => {
    if (episode === undefined || episode.response.length === 0) {
      throw new AppError('INVARIANT', `The policy gave no token for prompt ${prompts[index]?.promptId}.`, {
        details: { check: 'non-empty-answer' },
      });
    }
    return episode;
  });
}

function finite(rows: readonly ArrayLike<number>[], what: string): void {
  for (const row of rows) {
    for (let t = 0; t < row.length; t += 1) {
      if (!Number.isFinite(row[t])) {
        throw new AppError('INVARIANT', `${what} contain ${row[t]}.`, {
          details: { check: 'finite', what },
          remedy: 'Resume from the last checkpoint with a lower learning rate.',
        });
      }
    }
  }
}

const total = (row: Float64Array): number => row.reduce((sum, value) => sum + value, 0);
const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Scores episodes and works out what PPO learns from: r_t = -beta (log pi - log ref) + score at the last token, GAE, whitened advantages. Log-probabilities are
 * computed here with the training forward pass, not taken from the sampler.
 */
export async function judgeEpisodes(options: {
  readonly engine: Engine;
  readonly episodes: readonly Episode[];
  readonly policy: LanguageModel;
  readonly reference: LanguageModel;
  readonly value: ScalarModel;
  readonly reward: RewardScorer;
  readonly beta: number;
  readonly config: PpoConfig;
}): Promise<Rollout> {
  const { engine, episodes, config, beta } = options;
  const forward = { temperature: config.temperature, batchSize: config.scoreBatchSize };
  const raw = await options.reward(episodes);
  if (raw.length !== episodes.length) {
    throw new AppError('INVARIANT', `The reward gave ${raw.length} scores for ${episodes.length} answers.`, {
      details: { check: 'one-score-an-answer' },
    });
  }
  finite([raw], 'scores');
  const logProbs = responseLogProbs(engine, options.policy, episodes, forward);
  const referenceLogProbs = responseLogProbs(engine, options.reference, episodes, forward);
  const values = responseValues(engine, options.value, episodes, forward);
  finite(logProbs, 'log-probabilities of the policy');
  finite(referenceLogProbs, 'log-probabilities of the reference');
  finite(values, 'values');
  const scores = raw.map((score, index) =>
    scoreWithEnding(Math.min(Math.max(score, -config.scoreClip), config.scoreClip), (episodes[index] as Episode).ended, config.missingEos),
  );
  const rewards = logProbs.map((row, index) => shapedRewards(row, referenceLogProbs[index] as Float64Array, scores[index] as number, beta));
  const estimates = rewards.map((row, index) => generalisedAdvantages(row, values[index] as Float64Array, config.gamma, config.lambda));
  const returns = estimates.map((estimate) => estimate.returns);
  const kls = logProbs.map((row, index) => total(row) - total(referenceLogProbs[index] as Float64Array));
  const kl = average(kls);
  const tokens = logProbs.reduce((sum, row) => sum + row.length, 0);
  return {
    episodes,
    logProbs,
    values,
    returns,
    advantages: whiten(estimates.map((estimate) => estimate.advantages)),
    kl,
    metrics: {
      'reward/mean': average(rewards.map(total)),
      'reward/score': average(raw as number[]),
      'reward/scoreStd': Math.sqrt(moments([raw as number[]], 0).variance),
      'policy/kl': kl,
      'policy/klPerToken': (kl * episodes.length) / tokens,
      'policy/entropy': -logProbs.reduce((sum, row) => sum + total(row), 0) / tokens,
      'policy/klCoefficient': beta,
      'answer/length': tokens / episodes.length,
      'answer/eosRate': average(episodes.map((episode) => (episode.ended ? 1 : 0))),
      'value/mean': moments(values, 0).mean,
      'value/explainedVariance': explainedVariance(values, returns),
    },
  };
}
