import type { Engine, Tensor } from '#lib/ml/engine/engine';
import type { LlamaTrunk } from '#lib/ml/nn/llama-trunk';

/** Key/value caches grow by this many positions at a time. */
const cacheBucket = 64;
const hiddenScore = -1e9;

/** Projections that read the same input, as one matrix: fewer and larger products. */
interface LayerWeights {
  readonly qkv: Tensor;
  readonly gateUp: Tensor;
}

interface LayerCache {
  keys: Tensor;
  values: Tensor;
}

/**
 * Step-by-step decoding with a key/value cache. Rows are ragged: each has its own length, is padded on the right, and its next token
 * overwrites the padding, so positions equal those of training. Caches are `[rows * groups * capacity, headSize]`.
 * Everything it holds is freed by `dispose`.
 */
export class Decoder {
  private readonly engine: Engine;
  private readonly layers: readonly LayerWeights[];
  private caches: LayerCache[] = [];
  private lengths = new Int32Array(0);
  private capacity = 0;

  constructor(private readonly trunk: LlamaTrunk) {
    const { engine, config } = trunk;
    this.engine = engine;
    this.layers = Array.from({ length: config.layers }, (_, layer) => {
      const joined = (parts: readonly string[]) =>
        engine.concat(
          parts.map((part) => trunk.layerWeight(layer, part)),
          0,
        );
      return {
        qkv: joined(['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj']),
        gateUp: joined(['mlp.gate_proj', 'mlp.up_proj']),
      };
    });
  }

  get rows(): number {
    return this.lengths.length;
  }

  /** Tokens that a row holds; its next one is written at this position, which has to be below the context length. */
  lengthOf(row: number): number {
    return this.lengths[row] ?? 0;
  }

  /** Reads whole prompts (none empty); logits after each: `[rows, vocabSize]`, row after row. */
  start(prompts: readonly (readonly number[])[]): Float32Array {
    this.disposeCaches();
    const { engine, trunk } = this;
    const { config } = trunk;
    const time = Math.max(...prompts.map((prompt) => prompt.length));
    const tokens = new Int32Array(prompts.length * time);
    prompts.forEach((prompt, row) => {
      tokens.set(prompt, row * time);
    });
    trunk.checkTokens(tokens);
    this.lengths = Int32Array.from(prompts, (prompt) => prompt.length);
    this.capacity = Math.min(config.contextLength, Math.ceil((time + 1) / cacheBucket) * cacheBucket);
    const kept = engine.tidy(() => {
      const rows = trunk.hiddenWithCache(tokens, prompts.length, time, this.capacity);
      const last = engine.gatherRows(
        rows.hidden,
        engine.int(
          Array.from(this.lengths, (length, row) => row * time + length - 1),
          [prompts.length],
        ),
      );
      const logits = engine.matMul(last, trunk.outputWeight(), false, true);
      return [logits, ...rows.caches.flatMap(({ keys, values }) => [keys, values])];
    });
    const [logits, ...caches] = kept;
    this.caches = Array.from({ length: config.layers }, (_, layer) => ({
      keys: caches[2 * layer] as Tensor,
      values: caches[2 * layer + 1] as Tensor,
    }));
    return this.readLogits(logits as Tensor);
  }

  /** Appends one token to every row; logits after it: `[rows, vocabSize]`. */
  step(tokens: Int32Array): Float32Array {
    const { engine, trunk } = this;
    const { config } = trunk;
    const longest = this.lengths.reduce((a, b) => Math.max(a, b), 0);
    if (longest >= this.capacity) this.resize(Math.min(config.contextLength, this.capacity + cacheBucket));
    trunk.checkTokens(tokens);
    const logits = engine.tidy(() => {
      const places = this.placesOfStep();
      let x = engine.gatherRows(trunk.weight('model.embed_tokens.weight'), engine.int(tokens, [tokens.length]));
      for (let layer = 0; layer < config.layers; layer += 1) {
        x = engine.add(x, this.attend(layer, trunk.norm(x, trunk.layerWeight(layer, 'input_layernorm')), places));
        x = engine.add(x, this.feedForward(layer, trunk.norm(x, trunk.layerWeight(layer, 'post_attention_layernorm'))));
      }
      return engine.matMul(trunk.norm(x, trunk.weight('model.norm.weight')), trunk.outputWeight(), false, true);
    });
    this.lengths = this.lengths.map((length) => length + 1);
    return this.readLogits(logits);
  }

  /** Goes on with some of the rows only, in the given order. */
  keep(rows: readonly number[]): void {
    const { keyValueHeads } = this.trunk.config;
    const perRow = keyValueHeads * this.capacity * this.trunk.config.headSize;
    this.replaceCaches((cache) => {
      const byRow = this.engine.reshape(cache, [this.rows, perRow]);
      const chosen = this.engine.gatherRows(byRow, this.engine.int(rows, [rows.length]));
      return this.engine.reshape(chosen, [rows.length * keyValueHeads * this.capacity, this.trunk.config.headSize]);
    });
    this.lengths = Int32Array.from(rows, (row) => this.lengths[row] ?? 0);
  }

  dispose(): void {
    this.disposeCaches();
    this.engine.dispose(this.layers.flatMap(({ qkv, gateUp }) => [qkv, gateUp]));
  }

  /** What all layers of one step share: cache rows to write, angles of the new positions, and what each row may look at. */
  private placesOfStep() {
    const { capacity, engine, lengths, trunk } = this;
    const { headSize, heads, keyValueHeads } = trunk.config;
    const rows = lengths.length;
    const write = new Int32Array(rows * keyValueHeads);
    const mask = new Float32Array(rows * keyValueHeads * capacity);
    for (let row = 0; row < rows; row += 1) {
      const position = lengths[row] ?? 0;
      for (let head = 0; head < keyValueHeads; head += 1) {
        const index = row * keyValueHeads + head;
        write[index] = index * capacity + position;
        mask.fill(hiddenScore, index * capacity + position + 1, (index + 1) * capacity);
      }
    }
    const { cos, sin } = trunk.rotary.tables(lengths, heads + keyValueHeads, keyValueHeads);
    const width = (heads + 2 * keyValueHeads) * headSize;
    // queries are scaled by 1 / sqrt(headSize) along with their angles
    const scale = 1 / Math.sqrt(headSize);
    for (let row = 0; row < rows; row += 1) {
      for (let column = row * width; column < row * width + heads * headSize; column += 1) {
        cos[column] = (cos[column] ?? 0) * scale;
        sin[column] = (sin[column] ?? 0) * scale;
      }
    }
    return {
      write,
      mask: engine.float(mask, [rows * keyValueHeads, 1, capacity]),
      cos: engine.float(cos, [rows, width]),
      sin: engine.float(sin, [rows, width]),
    };
  }

  private attend(layer: number, x: Tensor, places: ReturnType<Decoder['placesOfStep']>): Tensor {
    const { capacity, engine, trunk } = this;
    const { headSize, heads, keyValueHeads } = trunk.config;
    const rows = this.rows;
    const perGroup = heads / keyValueHeads;
    const cache = this.caches[layer] as LayerCache;
    // [rows, (heads + 2 groups) * headSize]: queries and keys turn by their position, values by nothing
    const qkv = engine.rotate(
      engine.matMul(x, (this.layers[layer] as LayerWeights).qkv, false, true),
      places.cos,
      places.sin,
      trunk.rotation,
    );
    const part = (from: number, count: number) => engine.slice(qkv, [0, from * headSize], [rows, count * headSize]);
    const queries = engine.reshape(part(0, heads), [rows * keyValueHeads, perGroup, headSize]);
    const flat = (tensor: Tensor) => engine.reshape(tensor, [rows * keyValueHeads, headSize]);
    cache.keys = this.written(cache.keys, places.write, flat(part(heads, keyValueHeads)));
    cache.values = this.written(cache.values, places.write, flat(part(heads + keyValueHeads, keyValueHeads)));
    // [rows * groups * capacity, headSize] -> [rows * groups, capacity, headSize]
    const keys = engine.reshape(cache.keys, [rows * keyValueHeads, capacity, headSize]);
    const values = engine.reshape(cache.values, [rows * keyValueHeads, capacity, headSize]);
    const weights = engine.softmax(engine.add(engine.batchMatMul(queries, keys, false, true), places.mask));
    const mixed = engine.reshape(engine.batchMatMul(weights, values), [rows, heads * headSize]);
    return engine.matMul(mixed, trunk.layerWeight(layer, 'self_attn.o_proj'), false, true);
  }

  /** The cache outlives the scope of the step. */
  private written(cache: Tensor, rows: Int32Array, values: Tensor): Tensor {
    return this.engine.keep(this.engine.cacheWrite(cache, rows, values));
  }

  private feedForward(layer: number, x: Tensor): Tensor {
    const { engine, trunk } = this;
    const width = trunk.config.intermediateSize;
    const both = engine.matMul(x, (this.layers[layer] as LayerWeights).gateUp, false, true);
    const gate = engine.slice(both, [0, 0], [this.rows, width]);
    const up = engine.slice(both, [0, width], [this.rows, width]);
    return engine.matMul(engine.swiGlu(gate, up), trunk.layerWeight(layer, 'mlp.down_proj'), false, true);
  }

  private resize(capacity: number): void {
    const { engine } = this;
    const { headSize, keyValueHeads } = this.trunk.config;
    const groups = this.rows * keyValueHeads;
    this.replaceCaches((cache) => {
      const before = engine.reshape(cache, [groups, this.capacity, headSize]);
      const longer = engine.concat([before, engine.zeros([groups, capacity - this.capacity, headSize])], 1);
      return engine.reshape(longer, [groups * capacity, headSize]);
    });
    this.capacity = capacity;
  }

  private replaceCaches(change: (cache: Tensor) => Tensor): void {
    const { engine } = this;
    this.caches = this.caches.map((cache) => {
      const keys = engine.tidy(() => change(cache.keys));
      const values = engine.tidy(() => change(cache.values));
      engine.dispose([cache.keys, cache.values]);
      return { keys, values };
    });
  }

  private readLogits(logits: Tensor): Float32Array {
    const values = this.engine.read(logits) as Float32Array;
    this.engine.dispose(logits);
    return values;
  }

  private disposeCaches(): void {
    this.engine.dispose(this.caches.flatMap(({ keys, values }) => [keys, values]));
    this.caches = [];
  }
}
