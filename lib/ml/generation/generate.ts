import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import type { LanguageModel } from '#lib/ml/nn/language-model';
import { AnswerRow, type GeneratedAnswer, type RowSettings, type TextOptions, type TokenEvent } from './answer-row';
import { Decoder } from './decoder';
import { planDecoding } from './decoding-memory';
import { rowKey } from './keyed-noise';
import type { PredictionKind } from './prediction';
import { checkFilters, penalises, type SamplingFilters } from './sampling-filters';
import { Schedule } from './schedule';

export type { GeneratedAnswer } from './answer-row';

export interface GenerationProgress {
  /** Answers that are done, and all that are wanted. */
  readonly finished: number;
  readonly total: number;
  /** New tokens of the answers that are done. */
  readonly tokens: number;
  /** Rows decoded together now. */
  readonly slots: number;
}

export interface GenerateOptions {
  readonly engine: Engine;
  readonly model: LanguageModel;
  /** Token ids of each prompt, BOS first; none empty. */
  readonly prompts: readonly (readonly number[])[];
  /** What the noise of a prompt is keyed by (its id): the same key, seed and sample index give the same answer in any batch. */
  readonly promptKeys: readonly (string | number)[];
  readonly samplesPerPrompt: number;
  /** Of every answer, or one number a prompt. */
  readonly maxNewTokens: number | readonly number[];
  /** Most new tokens of each sample of each prompt, where they are fewer than `maxNewTokens`. */
  readonly limits?: readonly (readonly number[])[];
  /** 0 takes the most probable token. */
  readonly temperature: number;
  readonly filters?: SamplingFilters;
  readonly seed: number;
  /** Rows decoded together; fewer where that many do not fit into the memory. */
  readonly batchSize: number;
  /** Default: the engine's limit. What other models and the optimizer take in this process is not known here: leave room for it. */
  readonly memoryLimitBytes?: number;
  /** Tokens that end an answer (the model's stopTokenIds). */
  readonly stopIds: readonly number[];
  /** Answers get their text, and end at stop strings. */
  readonly text?: TextOptions;
  /** Answers tell how near each choice was to another one. */
  readonly margins?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: GenerationProgress) => void;
  /** Every token as soon as it is drawn. */
  readonly onToken?: (event: TokenEvent) => void;
}

/** Time after which the event loop gets a turn, so that heartbeats, streams and cancellation come through. */
const turnMs = 25;
/** Fewer slots than this are hardly faster, and not worth another graph. */
const fewestSlots = 8;

function checkWhole(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new AppError('BAD_INPUT', `${name} is ${value}; it has to be a whole number from 1 on.`, { details: { option: name } });
}

/** Throws BAD_INPUT for a prompt without tokens, with tokens that the model does not have, or one that leaves no room for an answer. */
export function checkPrompts(model: LanguageModel, prompts: readonly (readonly number[])[], keys: readonly (string | number)[]): void {
  const { contextLength } = model.config;
  if (keys.length !== prompts.length) throw new AppError('INTERNAL', 'Every prompt needs a key.');
  prompts.forEach((prompt, index) => {
    const key = keys[index] ?? index;
    if (prompt.length === 0) throw new AppError('BAD_INPUT', `Prompt ${key} has no tokens; it needs at least the begin token.`);
    model.trunk.checkTokens(prompt);
    if (prompt.length < contextLength) return;
    throw new AppError(
      'BAD_INPUT',
      `Prompt ${key} has ${prompt.length} tokens and leaves no room for an answer: the model reads ${contextLength}.`,
      { details: { prompt: key, tokens: prompt.length, contextLength }, remedy: 'Shorten the prompt.' },
    );
  });
}

function checkOptions(options: GenerateOptions): void {
  const { filters = {}, maxNewTokens, prompts, temperature } = options;
  if (!(temperature >= 0 && Number.isFinite(temperature))) {
    throw new AppError('BAD_INPUT', `The temperature is ${temperature}; it has to be 0 or more.`, { details: { option: 'temperature' } });
  }
  if (temperature > 0 && temperature < 1e-6) {
    throw new AppError('BAD_INPUT', `The temperature is ${temperature}; below 0.000001 it has to be 0: the most probable token.`);
  }
  checkFilters(filters);
  checkWhole('samplesPerPrompt', options.samplesPerPrompt);
  checkWhole('batchSize', options.batchSize);
  for (const most of typeof maxNewTokens === 'number' ? [maxNewTokens] : maxNewTokens) checkWhole('maxNewTokens', most);
  for (const limit of options.limits?.flat() ?? []) checkWhole('limits', limit);
  if (typeof maxNewTokens !== 'number' && maxNewTokens.length !== prompts.length) {
    throw new AppError('INTERNAL', 'maxNewTokens needs one number, or one a prompt.');
  }
  if (options.text?.stop?.includes('')) throw new AppError('BAD_INPUT', 'A stop string is empty; it would end every answer at once.');
  checkPrompts(options.model, prompts, options.promptKeys);
}

function cancelled(signal: AbortSignal): unknown {
  return signal.reason instanceof AppError
    ? signal.reason
    : new AppError('CANCELLED', 'The generation was cancelled.', { cause: signal.reason });
}

/** Lets other work of the process happen every now and then, and throws once the signal is aborted. */
export function createTurns(signal: AbortSignal | undefined): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since >= turnMs) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      since = performance.now();
    }
    if (signal?.aborted) throw cancelled(signal);
  };
}

function limitOf(options: GenerateOptions, promptIndex: number, sampleIndex: number): number {
  const { limits, maxNewTokens, model, prompts } = options;
  const most = typeof maxNewTokens === 'number' ? maxNewTokens : (maxNewTokens[promptIndex] ?? 1);
  const room = model.config.contextLength - (prompts[promptIndex]?.length ?? 0);
  return Math.min(limits?.[promptIndex]?.[sampleIndex] ?? most, most, room);
}

function predictionKind({ filters = {}, margins = false, temperature }: GenerateOptions): PredictionKind {
  const logits = penalises(filters) || (temperature === 0 && margins);
  if (temperature === 0 && !logits) return { kind: 'best' };
  return { kind: 'weights', temperature: temperature || 1, logits };
}

function createRows(options: GenerateOptions): AnswerRow[] {
  const { filters = {}, onToken, promptKeys, prompts, seed, temperature, text } = options;
  const settings: RowSettings = {
    temperature,
    filters,
    stopIds: new Set(options.stopIds),
    margins: options.margins ?? false,
    ...(text ? { text } : {}),
    ...(onToken ? { onToken } : {}),
  };
  return prompts.flatMap((prompt, promptIndex) =>
    Array.from({ length: options.samplesPerPrompt }, (_, sampleIndex) => {
      const key = rowKey(seed, promptKeys[promptIndex] ?? promptIndex, sampleIndex);
      return new AnswerRow(settings, promptIndex, sampleIndex, prompt, key, limitOf(options, promptIndex, sampleIndex));
    }),
  );
}

/** Rows of so many batches are sorted: an answer leaves late where one before it starts late. */
const sortedBatches = 4;

/**
 * Rows in the order in which they start: by the length of their prompt, so that rows that run together need caches of similar length, now
 * from short to long, now from long to short.
 */
function startOrder(rows: readonly AnswerRow[], slots: number): AnswerRow[] {
  // one row at a time has nobody to be alike to: a reader may be following them
  if (slots === 1) return [...rows];
  const size = slots * sortedBatches;
  const ordered: AnswerRow[] = [];
  for (let begin = 0, sign = 1; begin < rows.length; sign = -sign) {
    let end = Math.min(rows.length, begin + size);
    // rows of one prompt stay beside each other
    while (end < rows.length && rows[end]?.promptIndex === rows[end - 1]?.promptIndex) end += 1;
    ordered.push(...rows.slice(begin, end).sort((a, b) => sign * (a.prompt.length - b.prompt.length) || a.promptIndex - b.promptIndex));
    begin = end;
  }
  return ordered;
}

/** What `generate` does, step by step: the answers that leave with each new token of the rows that run, often none. */
export async function* generationSteps(options: GenerateOptions): AsyncGenerator<readonly GeneratedAnswer[], void, void> {
  checkOptions(options);
  const { engine, model } = options;
  const rows = createRows(options);
  if (rows.length === 0) return;
  const plan = planDecoding(model.config, {
    rows: rows.length,
    batchSize: options.batchSize,
    positions: rows.reduce((most, row) => Math.max(most, row.prompt.length + row.limit), 0),
    limitBytes: options.memoryLimitBytes ?? engine.memoryLimitBytes,
  });
  const turn = createTurns(options.signal);
  await turn();
  const decoder = new Decoder(model.trunk, plan.slots, predictionKind(options), plan.passTokens);
  try {
    const schedule = new Schedule(decoder, startOrder(rows, plan.slots), engine.capabilities.graph ? fewestSlots : 1);
    let given = 0;
    let finished = 0;
    let tokens = 0;
    while (!schedule.done) {
      await turn();
      const ended = await schedule.advance(turn);
      finished += ended.length;
      tokens += ended.reduce((sum, row) => sum + row.tokenIds.length, 0);
      if (ended.length > 0) options.onProgress?.({ finished, total: rows.length, tokens, slots: decoder.slots });
      // answers leave in the order of the prompts
      const answers: GeneratedAnswer[] = [];
      for (let row = rows[given]; row?.finishReason; row = rows[given]) {
        given += 1;
        answers.push(row.answer());
      }
      yield answers;
    }
  } finally {
    decoder.dispose();
  }
}

/**
 * Samples answers, `samplesPerPrompt` a prompt, in the order of prompts and samples. Sampling noise is keyed by
 * (seed, prompt key, sample, position), so an answer does not depend on its batch but for rounding.
 * Throws BAD_INPUT for prompts that do not fit, INVARIANT where logits are not finite, CANCELLED (or the signal's AppError) on abort.
 */
export async function* generate(options: GenerateOptions): AsyncGenerator<GeneratedAnswer, void, void> {
  for await (const answers of generationSteps(options)) yield* answers;
}
