import { AppError } from '#lib/errors';
import type { Tensor } from '#lib/ml/engine/engine';
import { CausalMasks, hiddenScore } from '#lib/ml/nn/full-attention';
import type { Attend, Trunk } from '#lib/ml/nn/trunk';
import { type Prediction, type PredictionKind, predict, readPrediction } from './prediction';
import { type PlacedPrompt, planPasses, readPart, readPrompts } from './prompt-pass';
import { SlotCaches, type SlotCopy } from './slot-caches';

/** Prompt tokens, padding included, that one pass reads. */
export const defaultPassTokens = 1024;

/** Stands for the token of a slot that no row is in. */
export const idleToken = -1;

/** Called with the prediction after each of some prompts: row `index` of it belongs to prompt `prompts[index]`. */
type OnPrediction = (prediction: Prediction, prompts: readonly number[]) => void;

/**
 * Step-by-step decoding of a fixed number of slots with a key/value cache. A slot holds one row; rows are ragged, each is written from
 * position 0 on, so positions equal those of training, and a slot whose row is done takes the next prompt at once. One step is one
 * recorded graph for each number of slots and cache capacity.
 */
export class Decoder {
  private readonly decoding: Trunk;
  private readonly masks: CausalMasks;
  private readonly caches: SlotCaches;
  private readonly nextToken: (...inputs: Tensor[]) => readonly Tensor[];
  private lengths: Int32Array;

  /** @param trunk its weights are copied as they are now: a decoder does not see later updates */
  constructor(
    private readonly trunk: Trunk,
    slots: number,
    private readonly prediction: PredictionKind,
    private readonly passTokens = defaultPassTokens,
  ) {
    this.decoding = trunk.forDecoding();
    this.masks = new CausalMasks(trunk.engine);
    this.caches = new SlotCaches(trunk.engine, trunk.config, slots);
    this.lengths = new Int32Array(slots);
    this.nextToken = trunk.engine.compile((...inputs: Tensor[]) => predict(trunk.engine, prediction, this.stepLogits(inputs)));
  }

  get slots(): number {
    return this.lengths.length;
  }

  get capacity(): number {
    return this.caches.capacity;
  }

  /** Tokens that a slot holds; its next one is written at this position, which has to be below the context length. */
  lengthOf(slot: number): number {
    return this.lengths[slot] ?? 0;
  }

  /**
   * Reads prompts (none empty), each once, into the slots that will go on with it; whatever those slots held is gone. Several short ones
   * share a pass, a long one is read in parts; `turn` is waited for between passes and may throw to stop.
   */
  async start(prompts: readonly PlacedPrompt[], turn: () => Promise<void>, onPrediction: OnPrediction): Promise<void> {
    const { trunk } = this;
    for (const { tokens } of prompts) {
      trunk.checkTokens(tokens);
      trunk.checkTime(tokens.length);
    }
    this.caches.reserve(prompts.reduce((most, { tokens }) => Math.max(most, tokens.length + 1), 0));
    for (const pass of planPasses(prompts, trunk.config.contextLength, this.passTokens)) {
      const placed = pass.map((index) => prompts[index] as PlacedPrompt);
      const hidden = await this.readPass(placed, turn);
      const predicted = trunk.engine.tidy(() => predict(trunk.engine, this.prediction, trunk.logits(hidden)));
      trunk.engine.dispose(hidden);
      for (const prompt of placed) for (const slot of prompt.slots) this.lengths[slot] = prompt.tokens.length;
      onPrediction(readPrediction(trunk.engine, this.prediction, predicted), pass);
      await turn();
    }
  }

  /** The hidden state of each prompt's last token: `[prompts, hiddenSize]`. */
  private async readPass(prompts: readonly PlacedPrompt[], turn: () => Promise<void>): Promise<Tensor> {
    const { caches, masks, passTokens, trunk } = this;
    const [first] = prompts;
    const length = first?.tokens.length ?? 0;
    if (!first || prompts.length > 1 || length <= passTokens) return readPrompts(trunk, caches, masks, prompts);
    for (let begin = 0; ; begin += passTokens) {
      const end = Math.min(length, begin + passTokens);
      const hidden = readPart(trunk, caches, first, begin, end);
      if (end === length) return hidden;
      trunk.engine.dispose(hidden);
      await turn();
    }
  }

  /** Appends one token to each slot; an idle one is given `idleToken`, stays as it is, and nobody reads its prediction. */
  step(tokens: Int32Array): Prediction {
    const { caches, lengths, trunk } = this;
    const { engine } = trunk;
    const busy = (slot: number) => tokens[slot] !== idleToken;
    const given = tokens.map((token) => (token === idleToken ? 0 : token));
    trunk.checkTokens(given);
    // a row that fills the context is done; `generate` never asks for more
    const longest = lengths.reduce((most, length, slot) => (busy(slot) ? Math.max(most, length + 1) : most), 1);
    trunk.checkTime(longest);
    caches.fit(longest);
    // an idle slot writes somewhere, since nobody reads it
    const positions = lengths.map((length) => Math.min(length, caches.capacity - 1));
    const { capacity } = caches;
    const mask = new Float32Array(this.slots * capacity);
    positions.forEach((position, slot) => {
      mask.fill(hiddenScore, slot * capacity + position + 1, (slot + 1) * capacity);
    });
    const inputs = [engine.int(given, [this.slots]), engine.int(positions, [this.slots]), engine.float(mask, [this.slots, 1, capacity])];
    const predicted = this.nextToken(...inputs, ...caches.tensors());
    engine.dispose(inputs);
    this.lengths = lengths.map((length, slot) => (busy(slot) ? length + 1 : length));
    return readPrediction(engine, this.prediction, predicted);
  }

  /** Makes slots go on with what others hold up to a position. No slot is both read and written, but for itself. */
  copy(copies: readonly SlotCopy[]): void {
    this.caches.copy(copies);
    for (const { to, length } of copies) this.lengths[to] = length;
  }

  /** Goes on with some of the slots only, in the given order. */
  keep(slots: readonly number[]): void {
    this.caches.keep(slots);
    this.lengths = Int32Array.from(slots, (slot) => this.lengths[slot] ?? 0);
  }

  dispose(): void {
    this.caches.dispose();
    this.masks.dispose();
    this.decoding.dispose();
  }

  /** Inputs: tokens `[slots]`, positions `[slots]`, mask `[slots, 1, capacity]`, then keys and values of each layer. */
  private stepLogits([tokens, positions, mask, ...caches]: readonly Tensor[]): Tensor {
    if (!tokens || !positions || !mask) throw new AppError('INTERNAL', 'A step needs tokens, positions and a mask.');
    const { engine, config } = this.trunk;
    const { headSize, keyValueHeads } = config;
    const [slots = 0, , capacity = 0] = mask.shape;
    const firstRows = engine.reshape(engine.multiples(keyValueHeads * slots, capacity), [keyValueHeads, slots]);
    const rows = engine.reshape(engine.add(firstRows, positions), [keyValueHeads * slots]);
    const written = (cache: Tensor, values: Tensor) => {
      // [groups, slots, 1, headSize] -> [groups * slots, headSize]
      const flat = engine.reshape(values, [keyValueHeads * slots, headSize]);
      return engine.reshape(engine.cacheWrite(cache, rows, flat), [keyValueHeads, slots, capacity, headSize]);
    };
    const attend: Attend = (layer, queries, keys, values) =>
      engine.attention(queries, written(caches[2 * layer] as Tensor, keys), written(caches[2 * layer + 1] as Tensor, values), mask);
    return this.decoding.logits(this.decoding.forward({ tokens, positions, batch: slots, time: 1, attend }));
  }
}
