import type { Engine } from '#lib/ml/engine/engine';
import type { LanguageModel } from '#lib/ml/nn/language-model';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { RewardScorer, TrainingPrompt } from '#lib/ml/training/examples';
import type { Reference } from '#lib/ml/training/reference';
import { sampleEpisodes } from '#lib/ml/training/sample-episodes';
import type { TargetLogProbs } from '#lib/ml/training/target-log-probs';
import { readByRow } from './direct-rows';
import type { SampleRow } from './trainer';

/** What a config says about sampling. */
interface SamplingConfig {
  readonly seed: number;
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly generationBatchSize: number;
  readonly scoreBatchSize: number;
}

const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);

/**
 * One answer to each prompt with the same noise at every evaluation, so that what changes between two tables is the policy. Columns: `kl` = log pi - log ref
 * of the answer, `length`, and `reward` where there is a scorer.
 */
export async function sampleTable(options: {
  readonly engine: Engine;
  readonly policy: LanguageModel;
  readonly logProbs: TargetLogProbs;
  readonly reference: Reference;
  readonly prompts: readonly TrainingPrompt[];
  readonly tokenizer: Tokenizer;
  readonly stopIds: readonly number[];
  readonly config: SamplingConfig;
  readonly reward?: RewardScorer;
  readonly signal: AbortSignal;
}): Promise<SampleRow[]> {
  const { config, engine, logProbs, policy, prompts, reference, reward, signal, stopIds, tokenizer } = options;
  if (prompts.length === 0) return [];
  const { maxNewTokens, seed, temperature } = config;
  const episodes = await sampleEpisodes({
    engine,
    policy,
    prompts,
    samplesPerPrompt: 1,
    maxNewTokens,
    temperature,
    seed,
    stream: 'samples',
    stopIds,
    batchSize: config.generationBatchSize,
    signal,
  });
  const scores = reward && (await reward(episodes, signal)).total;
  const how = { model: policy.config, perRow: 1, batchSize: config.scoreBatchSize };
  const ours = readByRow((rows) => logProbs.read(rows, { temperature, recorded: true }), episodes, how);
  const theirs = readByRow((rows) => reference.logProbs(rows, temperature), episodes, how);
  return episodes.map(({ promptId, response }, index) => ({
    promptId,
    sampleIndex: 0,
    text: tokenizer.decode(response, { skipSpecial: true }),
    scores: {
      ...(scores ? { reward: scores[index] as number } : {}),
      kl: total(ours[index] as Float64Array) - total(theirs[index] as Float64Array),
      length: response.length,
    },
  }));
}
