import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import { generate } from '#lib/ml/generation/generate';
import type { LanguageModel } from '#lib/ml/nn/language-model';
import type { Episode, TrainingPrompt } from './examples';

/**
 * Samples `samplesPerPrompt` answers a prompt, prompt by prompt, from the whole softmax (a cut support would make the KL negative). The noise is a
 * function of (seed, stream, prompt, its place, sample), so that a resumed run samples what the unbroken one would have.
 * Throws as `generate` does, and INVARIANT where an answer has no token.
 */
export async function sampleEpisodes(options: {
  readonly engine: Engine;
  readonly policy: LanguageModel;
  readonly prompts: readonly TrainingPrompt[];
  readonly samplesPerPrompt: number;
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly seed: number;
  /** What the sampling is for: `rollout 12`, `samples`. */
  readonly stream: string;
  /** Tokens that end an answer. */
  readonly stopIds: readonly number[];
  /** Rows decoded together. */
  readonly batchSize: number;
  /** Default: the engine's limit; leave room for other models and moments. */
  readonly memoryLimitBytes?: number;
  readonly signal: AbortSignal;
}): Promise<Episode[]> {
  const { prompts, seed, stream, memoryLimitBytes, ...generation } = options;
  const episodes: Episode[] = [];
  for await (const answer of generate({
    engine: generation.engine,
    model: generation.policy,
    prompts: prompts.map((prompt) => prompt.tokens),
    // A prompt may stand twice in a batch (fewer prompts than episodes): its place keeps the two apart.
    promptKeys: prompts.map((prompt, place) => `${prompt.promptId}/${place}`),
    samplesPerPrompt: generation.samplesPerPrompt,
    maxNewTokens: generation.maxNewTokens,
    temperature: generation.temperature,
    seed: createRandom(seed, 'sampling', stream).integer(2 ** 31),
    batchSize: generation.batchSize,
    stopIds: generation.stopIds,
    signal: generation.signal,
    ...(memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
  })) {
    const prompt = prompts[answer.promptIndex] as TrainingPrompt;
    if (answer.tokenIds.length === 0) {
      throw new AppError('INVARIANT', `The policy gave no token for prompt ${prompt.promptId}.`, {
        details: { check: 'non-empty-answer' },
      });
    }
    episodes.push({
      promptId: prompt.promptId,
      prompt: prompt.tokens,
      response: answer.tokenIds,
      ended: answer.finishReason === 'eos',
    });
  }
  return episodes;
}
