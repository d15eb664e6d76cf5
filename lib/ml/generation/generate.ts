import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import type { LanguageModel } from '#lib/ml/nn/language-model';
import { Decoder, type Prediction, type PredictionKind } from './decoder';
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
  /** Most new tokens of each sample of each prompt, where they are fewer than `maxNewTokens`. */
  readonly limits?: readonly (readonly number[])[];
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

function notFinite(row: Row, options: GenerateOptions): AppError {
  return new AppError(
    'INVARIANT',
    `The model's logits are not finite (prompt ${options.promptKeys[row.promptIndex]}, new token ${row.tokenIds.length + 1}).`,
    {
      details: { check: 'finite-logits' },
      remedy: 'The weights have diverged: go back to an earlier checkpoint.',
    },
  );
}

/** Draws the next token of a row from entry `index` of a prediction. */
function draw(row: Row, prediction: Prediction, index: number, options: GenerateOptions): number {
  const sampled = sampleToken(prediction, index, uniformAt(row.key, row.tokenIds.length));
  if (!sampled) throw notFinite(row, options);
  row.tokenIds.push(sampled.token);
  row.logProbs.push(sampled.logProb);
  if (options.stopIds.includes(sampled.token)) row.finishReason = 'eos';
  else if (row.tokenIds.length >= row.limit) row.finishReason = 'length';
  return sampled.token;
}

/** The rows of one prompt that are not started yet, in their order. */
function nextGroup(waiting: Row[], room: number): Row[] {
  const [first] = waiting;
  if (!first) return [];
  const size = waiting.findIndex((row) => row.promptIndex !== first.promptIndex);
  return waiting.splice(0, Math.min(room, size < 0 ? waiting.length : size));
}

/**
 * Slots and who is in them. A row that is done makes room for the next prompt at the next step; samples of one prompt that start
 * together share the pass over the prompt.
 */
class Schedule {
  private readonly tokens: number[];
  private running: (Row | undefined)[];

  constructor(
    private readonly decoder: Decoder,
    private readonly waiting: Row[],
    private readonly options: GenerateOptions,
  ) {
    this.running = Array.from({ length: decoder.slots });
    this.tokens = this.running.map(() => 0);
  }

  get done(): boolean {
    return this.waiting.length === 0 && this.running.every((row) => row === undefined);
  }

  /** One token for every row that runs; the rows that ended with it. */
  advance(): Row[] {
    const finished = this.admit();
    if (this.running.every((row) => row === undefined)) return finished;
    const prediction = this.decoder.step(Int32Array.from(this.tokens));
    this.running.forEach((row, slot) => {
      if (row) this.take(row, slot, draw(row, prediction, slot, this.options), finished);
    });
    return finished;
  }

  private take(row: Row, slot: number, token: number, finished: Row[]): void {
    this.tokens[slot] = token;
    this.running[slot] = row.finishReason ? undefined : row;
    if (row.finishReason) finished.push(row);
  }

  /** Fills free slots; once nobody waits, goes on with fewer slots as soon as half of them are free. */
  private admit(): Row[] {
    const free = this.running.flatMap((row, slot) => (row ? [] : [slot]));
    const groups: Row[][] = [];
    let room = free.length;
    while (room > 0 && this.waiting.length > 0) {
      const group = nextGroup(this.waiting, room);
      groups.push(group);
      room -= group.length;
    }
    if (groups.length > 0) return this.start(groups, free);
    const busy = this.running.flatMap((row, slot) => (row ? [slot] : []));
    if (busy.length > 0 && busy.length <= this.running.length / 2) this.shrink(busy);
    return [];
  }

  private start(groups: readonly Row[][], free: readonly number[]): Row[] {
    let used = 0;
    const placed = groups.map((rows) => {
      const slots = free.slice(used, used + rows.length);
      used += rows.length;
      return { rows, slots, tokens: rows[0]?.prompt ?? [] };
    });
    const prediction = this.decoder.start(placed);
    const finished: Row[] = [];
    placed.forEach(({ rows, slots }, index) => {
      rows.forEach((row, at) => {
        this.take(row, slots[at] ?? 0, draw(row, prediction, index, this.options), finished);
      });
    });
    return finished;
  }

  private shrink(busy: readonly number[]): void {
    this.decoder.keep(busy);
    this.running = busy.map((slot) => this.running[slot]);
    const kept = busy.map((slot) => this.tokens[slot] ?? 0);
    this.tokens.splice(0, this.tokens.length, ...kept);
  }
}

/**
 * Samples answers, `samplesPerPrompt` a prompt, in the order of prompts and samples. Sampling noise is keyed by
 * (seed, prompt key, sample, position), so an answer does not depend on its batch but for rounding.
 * Throws BAD_INPUT for prompts that do not fit, INVARIANT where logits are not finite, CANCELLED (or the signal's AppError) on abort.
 */
export async function* generate(options: GenerateOptions): AsyncGenerator<GeneratedAnswer, void, void> {
  checkOptions(options);
  const { config } = options.model;
  const rows = options.prompts.flatMap((prompt, promptIndex) =>
    Array.from({ length: options.samplesPerPrompt }, (_, sampleIndex): Row => {
      const key = rowKey(options.seed, options.promptKeys[promptIndex] ?? promptIndex, sampleIndex);
      const limit = Math.min(options.limits?.[promptIndex]?.[sampleIndex] ?? options.maxNewTokens, config.contextLength - prompt.length);
      return { promptIndex, sampleIndex, prompt, key, limit, tokenIds: [], logProbs: [], finishReason: undefined };
    }),
  );
  const prediction: PredictionKind = options.temperature === 0 ? { kind: 'best' } : { kind: 'weights', temperature: options.temperature };
  const decoder = new Decoder(options.model.trunk, Math.min(options.batchSize, rows.length), prediction);
  try {
    const schedule = new Schedule(decoder, [...rows], options);
    let given = 0;
    let finished = 0;
    let tokens = 0;
    for (let step = 1; !schedule.done; step += 1) {
      if (options.signal?.aborted) throw cancelled(options.signal);
      const ended = schedule.advance();
      finished += ended.length;
      tokens += ended.reduce((sum, row) => sum + row.tokenIds.length, 0);
      if (ended.length > 0) options.onProgress?.({ finished, total: rows.length, tokens });
      // answers leave in the order of the prompts
      for (let row = rows[given]; row?.finishReason; row = rows[given]) {
        given += 1;
        const { promptIndex, sampleIndex, tokenIds, logProbs, finishReason } = row;
        yield { promptIndex, sampleIndex, tokenIds, logProbs: Float32Array.from(logProbs), finishReason: finishReason ?? 'length' };
      }
      if (step % stepsBetweenTurns === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  } finally {
    decoder.dispose();
  }
}
