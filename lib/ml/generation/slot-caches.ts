import { AppError } from '#lib/errors';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import type { ModelConfig } from '#lib/ml/models/model-config';
import { cacheCapacity } from './cache-capacity';

interface LayerCache {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/** Positions 0 to `length` of slot `from` are wanted in slot `to` as well. */
export interface SlotCopy {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** Keys and values of every layer for a number of slots, each `[groups * slots * capacity, headSize]`. */
export class SlotCaches {
  private layers: readonly LayerCache[] = [];
  private positions = 0;

  constructor(
    private readonly engine: Engine,
    private readonly config: ModelConfig,
    private count: number,
  ) {}

  get slots(): number {
    return this.count;
  }

  /** Positions of a slot that there is memory for. */
  get capacity(): number {
    return this.positions;
  }

  of(layer: number): LayerCache {
    const cache = this.layers[layer];
    if (!cache) throw new AppError('INTERNAL', `There is no cache of layer ${layer}.`);
    return cache;
  }

  /** Keys and values of each layer in turn. */
  tensors(): readonly Tensor[] {
    return this.layers.flatMap(({ keys, values }) => [keys, values]);
  }

  /** Row of a cache that holds a position of a slot. */
  row(group: number, slot: number, position: number): number {
    return (group * this.count + slot) * this.positions + position;
  }

  /** Makes room for `length` positions a slot; what is there stays. */
  reserve(length: number): void {
    if (length <= this.positions) return;
    const { config, engine } = this;
    const capacity = cacheCapacity(length, config.contextLength);
    if (this.layers.length > 0) {
      const more = capacity - this.positions;
      this.resize(capacity, (cache) => engine.concat([cache, engine.zeros([cache.shape[0] ?? 0, more, config.headSize])], 1));
      return;
    }
    const empty = () => engine.zeros([config.keyValueHeads * this.count * capacity, config.headSize]);
    this.layers = Array.from({ length: config.layers }, () => ({ keys: empty(), values: empty() }));
    this.positions = capacity;
  }

  /** Room for `length` positions a slot, and no more than twice as much: a step reads all of it. Positions beyond are forgotten. */
  fit(length: number): void {
    this.reserve(length);
    const { config, engine } = this;
    const capacity = cacheCapacity(length, config.contextLength);
    if (capacity * 2 > this.positions) return;
    this.resize(capacity, (cache) => engine.slice(cache, [0, 0, 0], [cache.shape[0] ?? 0, capacity, config.headSize]));
  }

  /** `change`: `[groups * slots, positions, headSize]` -> `[groups * slots, capacity, headSize]` */
  private resize(capacity: number, change: (cache: Tensor) => Tensor): void {
    const { engine } = this;
    const { headSize, keyValueHeads } = this.config;
    const rows = keyValueHeads * this.count;
    this.replace((cache) => engine.reshape(change(engine.reshape(cache, [rows, this.positions, headSize])), [rows * capacity, headSize]));
    this.positions = capacity;
  }

  /** Copies the beginnings of slots onto others. No slot is both read and written, but for itself. */
  copy(copies: readonly SlotCopy[]): void {
    const { config, engine } = this;
    const from: number[] = [];
    const to: number[] = [];
    for (const one of copies) {
      if (one.from === one.to) continue;
      for (let group = 0; group < config.keyValueHeads; group += 1) {
        for (let position = 0; position < one.length; position += 1) {
          from.push(this.row(group, one.from, position));
          to.push(this.row(group, one.to, position));
        }
      }
    }
    if (from.length === 0) return;
    engine.tidy(() => {
      const sources = engine.int(from, [from.length]);
      const targets = engine.int(to, [to.length]);
      for (const cache of this.tensors()) engine.cacheWrite(cache, targets, engine.gatherRows(cache, sources));
      return undefined;
    });
  }

  /** Goes on with some of the slots only, in the given order. */
  keep(slots: readonly number[]): void {
    const { engine } = this;
    const { headSize, keyValueHeads } = this.config;
    const chosen = Array.from({ length: keyValueHeads }, (_, group) => slots.map((slot) => group * this.count + slot)).flat();
    this.replace((cache) => {
      // [groups * slots * capacity, headSize] -> [groups * slots, capacity * headSize] -> rows of the chosen slots
      const bySlot = engine.reshape(cache, [keyValueHeads * this.count, this.positions * headSize]);
      const kept = engine.gatherRows(bySlot, engine.int(chosen, [chosen.length]));
      return engine.reshape(kept, [chosen.length * this.positions, headSize]);
    });
    this.count = slots.length;
  }

  dispose(): void {
    this.engine.dispose(this.tensors());
    this.layers = [];
    this.positions = 0;
  }

  private replace(change: (cache: Tensor) => Tensor): void {
    const { engine } = this;
    this.layers = this.layers.map((cache) => {
      const keys = engine.tidy(() => change(cache.keys));
      const values = engine.tidy(() => change(cache.values));
      engine.dispose([cache.keys, cache.values]);
      return { keys, values };
    });
  }
}
