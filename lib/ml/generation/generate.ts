import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import type { LanguageModel } from '#lib/ml/nn/llama';
import { Decoder } from './decoder';
import { type RowKey, rowKey, uniformAt } from './keyed-noise';
import { sampleToken } from './sample-token';

export interface GenerateOptions {
  readonly engine: Engine;
  readonly model: LanguageModel;
  /** Token ids of each prompt, BOS first; none empty. */
  readonly prompts: readonly (readonly number[])[];
  /** What the noise of a prompt is keyed by (its id): the same key, seed and sample index give the same answer in any batch. */
  readonly promptKeys: readonly (string | number)[];
  readonly samplesPerPrompt: number;
  readonly maxNewTokens: number;
  /** 0 takes the most probable token. */
  readonly temperature: number;
  readonly seed: number;
  /** Rows decoded together. */
  readonly batchSize: number;
  /** Tokens that end an answer (the model's stopTokenIds). */
  readonly stopIds: readonly number[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly finished: number; readonly total: number; readonly tokens: number }) => void;
}

export interface GeneratedAnswer {
  readonly promptIndex: number;
  readonly sampleIndex: number;
  /** The new tokens; the stop token is the last one where the model ended the answer itself. */
  readonly tokenIds: number[];
  /** Log-probability of each new token at the sampling temperature. */
  readonly logProbs: Float32Array;
  readonly finishReason: 'eos' | 'length';
}

interface Row {
  readonly promptIndex: number;
  readonly sampleIndex: number;
  readonly prompt: readonly number[];
  readonly key: RowKey;
  readonly limit: number;
  readonly tokenIds: number[];
  readonly logProbs: number[];
  finishReason: 'eos' | 'length' | undefined;
}

/** Steps after which the event loop gets a turn, so that heartbeats and cancellation come through. */
const stepsBetweenTurns = 8;

function checkOptions(options: GenerateOptions): void {
  const { contextLength } = options.model.config;
  if (options.promptKeys.length !== options.prompts.length) throw new AppError('INTERNAL', 'Every prompt needs a key.');
  if (!(options.temperature >= 0)) throw new AppError('BAD_INPUT', `The temperature is ${options.temperature}; it has to be 0 or more.`);
  for (const [name, value] of Object.entries({
    samplesPerPrompt: options.samplesPerPrompt,
    maxNewTokens: options.maxNewTokens,
    batchSize: options.batchSize,
  })) {
    if (!Number.isInteger(value) || value < 1)
      throw new AppError('BAD_INPUT', `${name} is ${value}; it has to be a whole number from 1 on.`);
  }
  options.prompts.forEach((prompt, index) => {
    const key = options.promptKeys[index] ?? index;
    if (prompt.length === 0) throw new AppError('BAD_INPUT', `Prompt ${key} has no tokens; it needs at least the begin token.`);
    if (prompt.length >= contextLength) {
      throw new AppError(
        'BAD_INPUT',
        `Prompt ${key} has ${prompt.length} tokens and leaves no room for an answer: the model reads ${contextLength}.`,
        {
          details: { prompt: key, tokens: prompt.length, contextLength },
          remedy: 'Shorten the prompt.',
        },
      );
    }
  });
}

function cancelled(signal: AbortSignal): unknown {
  return signal.reason instanceof AppError
    ? signal.reason
    : new AppError('CANCELLED', 'The generation was cancelled.', { cause: signal.reason });
}

/** Draws the next token of every row that is still going. */
function drawTokens(rows: readonly Row[], logits: Float32Array, options: GenerateOptions): Int32Array {
  const { vocabSize } = options.model.config;
  return Int32Array.from(rows, (row, index) => {
    // a finished row is fed anything: nobody reads what comes of it
    if (row.finishReason) return options.model.config.eosTokenId;
    const position = row.tokenIds.length;
    const sampled = sampleToken(logits, index * vocabSize, vocabSize, options.temperature, uniformAt(row.key, position));
    if (!sampled) {
      throw new AppError(
        'INVARIANT',
        `The model's logits are not finite (prompt ${options.promptKeys[row.promptIndex]}, new token ${position + 1}).`,
        {
          details: { check: 'finite-logits' },
          remedy: 'The weights have diverged: go back to an earlier checkpoint.',
        },
      );
    }
    row.tokenIds.push(sampled.token);
    row.logProbs.push(sampled.logProb);
    if (options.stopIds.includes(sampled.token)) row.finishReason = 'eos';
    else if (row.tokenIds.length >= row.limit) row.finishReason = 'length';
    return sampled.token;
  });
}

async function decodeBatch(decoder: Decoder, all: readonly Row[], options: GenerateOptions): Promise<void> {
  const { contextLength } = options.model.config;
  let rows = all;
  let logits = decoder.start(rows.map((row) => row.prompt));
  for (let step = 1; ; step += 1) {
    let next = drawTokens(rows, logits, options);
    const going = rows.flatMap((row, index) => (row.finishReason ? [] : [index]));
    if (going.length === 0) return;
    const full = rows.some((row, index) => row.finishReason && decoder.lengthOf(index) >= contextLength);
    if (going.length <= rows.length / 2 || full) {
      decoder.keep(going);
      const before = rows;
      rows = going.flatMap((index) => before[index] ?? []);
      next = Int32Array.from(going, (index) => next[index] ?? 0);
    }
    if (step % stepsBetweenTurns === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
    if (options.signal?.aborted) throw cancelled(options.signal);
    logits = decoder.step(next);
  }
}

/**
 * Samples answers, `samplesPerPrompt` a prompt, in the order of prompts and samples. Sampling noise is keyed by
 * (seed, prompt key, sample, position), so an answer does not depend on its batch but for rounding.
 * Throws BAD_INPUT for prompts that do not fit, INVARIANT where logits are not finite, CANCELLED (or the signal's AppError) on abort.
 */
export async function* generate(options: GenerateOptions): AsyncGenerator<GeneratedAnswer, void, void> {
  checkOptions(options);
  const { contextLength } = options.model.config;
  const rows = options.prompts.flatMap((prompt, promptIndex) =>
    Array.from({ length: options.samplesPerPrompt }, (_, sampleIndex): Row => {
      const key = rowKey(options.seed, options.promptKeys[promptIndex] ?? promptIndex, sampleIndex);
      const limit = Math.min(options.maxNewTokens, contextLength - prompt.length);
      return { promptIndex, sampleIndex, prompt, key, limit, tokenIds: [], logProbs: [], finishReason: undefined };
    }),
  );
  let tokens = 0;
  const decoder = new Decoder(options.model.trunk);
  try {
    for (let begin = 0; begin < rows.length; begin += options.batchSize) {
      if (options.signal?.aborted) throw cancelled(options.signal);
      const batch = rows.slice(begin, begin + options.batchSize);
      await decodeBatch(decoder, batch, options);
      tokens += batch.reduce((sum, row) => sum + row.tokenIds.length, 0);
      options.onProgress?.({ finished: begin + batch.length, total: rows.length, tokens });
      for (const { promptIndex, sampleIndex, tokenIds, logProbs, finishReason } of batch) {
        yield { promptIndex, sampleIndex, tokenIds, logProbs: Float32Array.from(logProbs), finishReason: finishReason ?? 'length' };
      }
    }
  } finally {
    decoder.dispose();
  }
}
