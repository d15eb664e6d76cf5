import { AppError } from '#lib/errors';
import type { Tensor } from '#lib/ml/engine/engine';
import { attendFully, CausalMasks, hiddenScore } from '#lib/ml/nn/full-attention';
import type { Attend, Trunk } from '#lib/ml/nn/trunk';
import { cacheCapacity } from './cache-capacity';

/** Prompts are padded to a multiple of this. */
const timeBucket = 16;

/** What the model says about the next token of each slot. */
export type Prediction =
  | {
      readonly kind: 'best';
      /** `[slots]`: the most probable token, the lowest id of equal ones. */
      readonly tokens: Int32Array;
      /** `[slots]`: its log-probability. */
      readonly logProbs: Float32Array;
    }
  | {
      readonly kind: 'weights';
      /** `[slots, vocabSize]`: exp((logit - largest logit) / temperature), so the largest is 1. */
      readonly weights: Float32Array;
      /** `[slots]`: sums of the weights; NaN where the logits are not finite. */
      readonly totals: Float32Array;
      /** `[slots]`: the largest logit. */
      readonly highest: Float32Array;
    };

/** Weights of the most probable tokens only, or of all of them at a temperature above 0. */
export type PredictionKind = { readonly kind: 'best' } | { readonly kind: 'weights'; readonly temperature: number };

interface LayerCache {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/**
 * Step-by-step decoding of a fixed number of slots with a key/value cache. A slot holds one row; rows are ragged, each is written from
 * position 0 on, so positions equal those of training, and a slot whose row is done takes the next prompt at once. One step is one
 * recorded graph for each number of slots and cache capacity. Caches are `[groups * slots * capacity, headSize]`.
 */
export class Decoder {
  private readonly decoding: Trunk;
  private readonly masks: CausalMasks;
  private readonly steps: Record<PredictionKind['kind'], (...inputs: Tensor[]) => readonly Tensor[]>;
  private caches: readonly LayerCache[] = [];
  private lengths: Int32Array;
  private capacity = 0;

  /** @param trunk its weights are copied as they are now: a decoder does not see later updates */
  constructor(
    private readonly trunk: Trunk,
    slots: number,
    private readonly prediction: PredictionKind,
  ) {
    this.decoding = trunk.forDecoding();
    this.masks = new CausalMasks(trunk.engine);
    this.lengths = new Int32Array(slots);
    this.steps = {
      best: trunk.engine.compile((...inputs: Tensor[]) => this.predict(this.stepLogits(inputs))),
      weights: trunk.engine.compile((...inputs: Tensor[]) => this.predict(this.stepLogits(inputs))),
    };
  }

  get slots(): number {
    return this.lengths.length;
  }

  /** Tokens that a slot holds; its next one is written at this position, which has to be below the context length. */
  lengthOf(slot: number): number {
    return this.lengths[slot] ?? 0;
  }

  /**
   * Reads whole prompts (none empty), each once, into the slots that will go on with it; whatever those slots held is gone.
   * Returns the prediction after each prompt, in their order.
   */
  start(prompts: readonly { readonly tokens: readonly number[]; readonly slots: readonly number[] }[]): Prediction {
    const { trunk } = this;
    const { engine, config } = trunk;
    const longest = prompts.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
    const time = Math.min(config.contextLength, Math.ceil(longest / timeBucket) * timeBucket);
    trunk.checkTime(longest);
    this.reserve(longest + 1);
    const tokens = new Int32Array(prompts.length * time);
    prompts.forEach((prompt, row) => {
      trunk.checkTokens(prompt.tokens);
      tokens.set(prompt.tokens, row * time);
    });
    const predicted = engine.tidy(() => {
      const { from, to } = this.copyPlan(prompts, time);
      const attend = attendFully(engine, this.masks.of(time));
      const flat = (tensor: Tensor) => engine.reshape(tensor, [config.keyValueHeads * prompts.length * time, config.headSize]);
      const hidden = trunk.forward({
        tokens: engine.int(tokens, [tokens.length]),
        positions: engine.int(
          Int32Array.from(tokens, (_, index) => index % time),
          [tokens.length],
        ),
        batch: prompts.length,
        time,
        attend: (layer, queries, keys, values) => {
          const cache = this.cacheOf(layer);
          engine.cacheWrite(cache.keys, to, engine.gatherRows(flat(keys), from));
          engine.cacheWrite(cache.values, to, engine.gatherRows(flat(values), from));
          return attend(layer, queries, keys, values);
        },
      });
      const lastRows = prompts.map((prompt, row) => row * time + prompt.tokens.length - 1);
      return this.predict(trunk.logits(engine.gatherRows(hidden, engine.int(lastRows, [prompts.length]))));
    });
    for (const prompt of prompts) for (const slot of prompt.slots) this.lengths[slot] = prompt.tokens.length;
    return this.read(predicted);
  }

  /** Appends one token to each slot; a slot whose row is done is given any token, and nobody reads what comes of it. */
  step(tokens: Int32Array): Prediction {
    const { lengths, trunk } = this;
    const { engine, config } = trunk;
    trunk.checkTokens(tokens);
    // a slot that is full is done: it goes on writing over its last position
    const positions = lengths.map((length) => Math.min(length, config.contextLength - 1));
    this.reserve(positions.reduce((most, position) => Math.max(most, position + 1), 0));
    const mask = new Float32Array(this.slots * this.capacity);
    positions.forEach((position, slot) => {
      mask.fill(hiddenScore, slot * this.capacity + position + 1, (slot + 1) * this.capacity);
    });
    const inputs = [
      engine.int(tokens, [this.slots]),
      engine.int(positions, [this.slots]),
      engine.float(mask, [this.slots, 1, this.capacity]),
    ];
    const predicted = this.steps[this.prediction.kind](...inputs, ...this.caches.flatMap(({ keys, values }) => [keys, values]));
    engine.dispose(inputs);
    this.lengths = positions.map((position) => position + 1);
    return this.read(predicted);
  }

  /** Goes on with some of the slots only, in the given order. */
  keep(slots: readonly number[]): void {
    const { engine } = this.trunk;
    const { headSize, keyValueHeads } = this.trunk.config;
    const chosen = Array.from({ length: keyValueHeads }, (_, group) => slots.map((slot) => group * this.slots + slot)).flat();
    this.replaceCaches((cache) => {
      // [groups * slots * capacity, headSize] -> [groups * slots, capacity * headSize] -> rows of the chosen slots
      const bySlot = engine.reshape(cache, [keyValueHeads * this.slots, this.capacity * headSize]);
      const kept = engine.gatherRows(bySlot, engine.int(chosen, [chosen.length]));
      return engine.reshape(kept, [chosen.length * this.capacity, headSize]);
    });
    this.lengths = Int32Array.from(slots, (slot) => this.lengths[slot] ?? 0);
  }

  dispose(): void {
    this.trunk.engine.dispose(this.caches.flatMap(({ keys, values }) => [keys, values]));
    this.caches = [];
    this.masks.dispose();
    this.decoding.dispose();
  }

  /** Rows of a prompt pass, and the cache rows that they go to: each `[rows]` int32. */
  private copyPlan(prompts: readonly { readonly tokens: readonly number[]; readonly slots: readonly number[] }[], time: number) {
    const { engine, config } = this.trunk;
    const from: number[] = [];
    const to: number[] = [];
    for (let group = 0; group < config.keyValueHeads; group += 1) {
      prompts.forEach((prompt, row) => {
        for (const slot of prompt.slots) {
          for (let position = 0; position < prompt.tokens.length; position += 1) {
            from.push((group * prompts.length + row) * time + position);
            to.push((group * this.slots + slot) * this.capacity + position);
          }
        }
      });
    }
    return { from: engine.int(from, [from.length]), to: engine.int(to, [to.length]) };
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

  /** `[rows, vocabSize]` -> what is read of it. */
  private predict(logits: Tensor): readonly Tensor[] {
    const { engine } = this.trunk;
    const highest = engine.max(logits, 1, true);
    const shifted = engine.sub(logits, highest);
    if (this.prediction.kind === 'best') {
      const total = engine.sum(engine.exp(shifted), 1);
      return [engine.argMax(logits), engine.neg(engine.log(total))];
    }
    const weights = engine.exp(engine.mul(shifted, 1 / this.prediction.temperature));
    return [weights, engine.sum(weights, 1), engine.reshape(highest, [logits.shape[0] ?? 0])];
  }

  private read(predicted: readonly Tensor[]): Prediction {
    const { engine } = this.trunk;
    const [first, second, third] = predicted.map((tensor) => engine.read(tensor));
    engine.dispose(predicted);
    if (this.prediction.kind === 'best') return { kind: 'best', tokens: first as Int32Array, logProbs: second as Float32Array };
    return { kind: 'weights', weights: first as Float32Array, totals: second as Float32Array, highest: third as Float32Array };
  }

  private cacheOf(layer: number): LayerCache {
    const cache = this.caches[layer];
    if (!cache) throw new AppError('INTERNAL', `There is no cache of layer ${layer}.`);
    return cache;
  }

  /** Makes room for `length` positions a slot. */
  private reserve(length: number): void {
    if (length <= this.capacity) return;
    const { engine, config } = this.trunk;
    const { headSize, keyValueHeads, layers } = config;
    const rows = keyValueHeads * this.slots;
    const capacity = cacheCapacity(length, config.contextLength);
    if (this.caches.length === 0) {
      const empty = () => engine.zeros([rows * capacity, headSize]);
      this.caches = Array.from({ length: layers }, () => ({ keys: empty(), values: empty() }));
    } else {
      this.replaceCaches((cache) => {
        const before = engine.reshape(cache, [rows, this.capacity, headSize]);
        const longer = engine.concat([before, engine.zeros([rows, capacity - this.capacity, headSize])], 1);
        return engine.reshape(longer, [rows * capacity, headSize]);
      });
    }
    this.capacity = capacity;
  }

  private replaceCaches(change: (cache: Tensor) => Tensor): void {
    const { engine } = this.trunk;
    this.caches = this.caches.map((cache) => {
      const keys = engine.tidy(() => change(cache.keys));
      const values = engine.tidy(() => change(cache.values));
      engine.dispose([cache.keys, cache.values]);
      return { keys, values };
    });
  }
}
