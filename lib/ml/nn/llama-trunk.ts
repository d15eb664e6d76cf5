import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import type { Engine, Parameter, Parameters, Tensor } from '#lib/ml/engine/engine';
import type { LlamaConfig } from '#lib/ml/models/model-config';
import { Rotary } from './rotary';

/** Large and negative, not -Infinity: a row in which nothing may be attended to must not become NaN. */
const hiddenScore = -1e9;

/** Frozen arrays of one row length; parameters, so that no scope frees them. */
type TimeTables = {
  /** Scaled by 1 / sqrt(headSize), so that the scores need no scaling of their own. */
  readonly queryCos: Parameter;
  readonly querySin: Parameter;
  readonly keyCos: Parameter;
  readonly keySin: Parameter;
  /** `[time, time]`: 0 where a position may look, else hiddenScore. */
  readonly mask: Parameter;
};

const keptTimes = 8;

/** Embedding and blocks of a llama: token ids to hidden states. Rows are padded on the right; causality keeps padding out of all that is before it. */
export class LlamaTrunk {
  readonly rotary: Rotary;
  private readonly turning: Parameter;
  private readonly tables = new Map<number, TimeTables>();

  constructor(
    readonly engine: Engine,
    readonly config: LlamaConfig,
    readonly parameters: Parameters,
  ) {
    this.rotary = new Rotary(config.headSize, config.contextLength, config.ropeTheta);
    this.turning = engine.parameter('rotation', [config.headSize, config.headSize], this.rotary.rotation());
  }

  /** R of the rotary embedding: `[headSize, headSize]`. */
  get rotation(): Tensor {
    return this.turning.read();
  }

  weight(name: string): Tensor {
    const parameter = this.parameters.get(name);
    if (!parameter) throw new AppError('INTERNAL', `The model has no tensor ${name}.`);
    return parameter.read();
  }

  /** Weight of a layer: `self_attn.q_proj`, `mlp.up_proj`, ... */
  layerWeight(layer: number, part: string): Tensor {
    return this.weight(`model.layers.${layer}.${part}.weight`);
  }

  /** The matrix that turns hidden states into logits: `[vocabSize, hiddenSize]`. */
  outputWeight(): Tensor {
    return this.weight(this.config.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight');
  }

  /** Throws BAD_INPUT for an id that the embedding does not have (the native library would read other memory or wrap around). */
  checkTokens(tokens: Int32Array): void {
    const { vocabSize } = this.config;
    for (const token of tokens) {
      if (token < 0 || token >= vocabSize) {
        throw new AppError('BAD_INPUT', `Token ${token} is outside of the model's vocabulary of ${vocabSize}.`, {
          remedy: 'Use the tokenizer that belongs to this model.',
        });
      }
    }
  }

  /**
   * Tokens `[batch * time]` -> hidden states after the last norm, `[batch * time, hiddenSize]`.
   * `observe` sees the keys and values of each layer, `[batch, keyValueHeads, time, headSize]`.
   */
  hidden(tokens: Int32Array, batch: number, time: number, observe?: (keys: Tensor, values: Tensor) => void): Tensor {
    const { config, engine } = this;
    if (tokens.length !== batch * time) throw new AppError('INTERNAL', `${tokens.length} tokens are not ${batch} rows of ${time}.`);
    if (time > config.contextLength) {
      throw new AppError('BAD_INPUT', `A row has ${time} tokens; the model reads at most ${config.contextLength}.`, {
        remedy: 'Shorten the prompts or ask for shorter answers.',
      });
    }
    this.checkTokens(tokens);
    const tables = this.tablesOf(time);
    let x = engine.gatherRows(this.weight('model.embed_tokens.weight'), engine.int(tokens, [tokens.length]));
    for (let layer = 0; layer < config.layers; layer += 1) {
      x = engine.add(x, this.attention(layer, this.norm(x, this.layerWeight(layer, 'input_layernorm')), batch, time, tables, observe));
      x = engine.add(x, this.feedForward(layer, this.norm(x, this.layerWeight(layer, 'post_attention_layernorm'))));
    }
    return this.norm(x, this.weight('model.norm.weight'));
  }

  /** The same, and the keys and values of every layer padded to `capacity` positions: `[batch * keyValueHeads * capacity, headSize]`. */
  hiddenWithCache(
    tokens: Int32Array,
    batch: number,
    time: number,
    capacity: number,
  ): { hidden: Tensor; caches: { keys: Tensor; values: Tensor }[] } {
    const { config, engine } = this;
    const { headSize, keyValueHeads } = config;
    const caches: { keys: Tensor; values: Tensor }[] = [];
    const padding = engine.zeros([batch, keyValueHeads, capacity - time, headSize]);
    const padded = (tensor: Tensor) => engine.reshape(engine.concat([tensor, padding], 2), [batch * keyValueHeads * capacity, headSize]);
    const hidden = this.hidden(tokens, batch, time, (keys, values) => caches.push({ keys: padded(keys), values: padded(values) }));
    return { hidden, caches };
  }

  norm(x: Tensor, weight: Tensor): Tensor {
    return this.engine.rmsNorm(x, weight, this.config.normEpsilon);
  }

  feedForward(layer: number, x: Tensor): Tensor {
    const { engine } = this;
    const gate = engine.matMul(x, this.layerWeight(layer, 'mlp.gate_proj'), false, true);
    const up = engine.matMul(x, this.layerWeight(layer, 'mlp.up_proj'), false, true);
    return engine.matMul(engine.swiGlu(gate, up), this.layerWeight(layer, 'mlp.down_proj'), false, true);
  }

  /** Grouped-query attention (Ainslie et al. 2023): the queries of a group lie one after the other, so keys need no copies. */
  private attention(
    layer: number,
    x: Tensor,
    batch: number,
    time: number,
    tables: TimeTables,
    observe: ((keys: Tensor, values: Tensor) => void) | undefined,
  ): Tensor {
    const { config, engine } = this;
    const { headSize, heads, keyValueHeads } = config;
    const perGroup = heads / keyValueHeads;
    const project = (part: string) => engine.matMul(x, this.layerWeight(layer, `self_attn.${part}_proj`), false, true);
    // [batch * time, columns] -> [batch, time * columns], rotated -> [batch, count, time, headSize]
    const split = (flat: Tensor, count: number) => engine.transpose(engine.reshape(flat, [batch, time, count, headSize]), [0, 2, 1, 3]);
    const turn = (flat: Tensor, count: number, cos: Tensor, sin: Tensor) =>
      split(engine.rotate(engine.reshape(flat, [batch, time * count * headSize]), cos, sin, this.rotation), count);
    const queries = turn(project('q'), heads, tables.queryCos.read(), tables.querySin.read());
    const keys = turn(project('k'), keyValueHeads, tables.keyCos.read(), tables.keySin.read());
    const values = split(project('v'), keyValueHeads);
    observe?.(keys, values);
    // [batch, heads, time, headSize] -> [batch, groups, perGroup * time, headSize]
    const grouped = engine.reshape(queries, [batch, keyValueHeads, perGroup * time, headSize]);
    const mixed = engine.attention(grouped, keys, values, tables.mask.read());
    // [batch, groups, perGroup * time, headSize] -> [batch, heads, time, headSize] -> [batch * time, heads * headSize]
    const joined = engine.transpose(engine.reshape(mixed, [batch, heads, time, headSize]), [0, 2, 1, 3]);
    return engine.matMul(
      engine.reshape(joined, [batch * time, heads * headSize]),
      this.layerWeight(layer, 'self_attn.o_proj'),
      false,
      true,
    );
  }

  /** Angles and mask of one row length, made before any scope frees them and kept while they are used often. */
  private tablesOf(time: number): TimeTables {
    const found = this.tables.get(time);
    if (found) return found;
    if (this.tables.size >= keptTimes) this.disposeTables();
    const { config, engine, rotary } = this;
    const positions = Array.from({ length: time }, (_, position) => position);
    const query = rotary.tables(positions, config.heads);
    const key = rotary.tables(positions, config.keyValueHeads);
    const mask = new Float32Array(time * time);
    for (let row = 0; row < time; row += 1) mask.fill(hiddenScore, row * time + row + 1, (row + 1) * time);
    const scaled = (values: Float32Array) => values.map((value) => value / Math.sqrt(config.headSize));
    const flat = (name: string, values: Float32Array) => engine.parameter(name, [values.length], values);
    const made = {
      queryCos: flat('query-cos', scaled(query.cos)),
      querySin: flat('query-sin', scaled(query.sin)),
      keyCos: flat('key-cos', key.cos),
      keySin: flat('key-sin', key.sin),
      mask: engine.parameter('mask', [time, time], mask),
    };
    this.tables.set(time, made);
    return made;
  }

  private disposeTables(): void {
    for (const tables of this.tables.values()) for (const table of Object.values(tables)) table.dispose();
    this.tables.clear();
  }

  exportWeights(): Record<string, TensorData> {
    return Object.fromEntries(
      [...this.parameters].map(([name, parameter]) => [name, { dtype: 'F32', shape: parameter.shape, data: parameter.values() }]),
    );
  }

  dispose(): void {
    this.disposeTables();
    this.turning.dispose();
    for (const parameter of this.parameters.values()) parameter.dispose();
  }
}

/** Parameters with the values of `weights`, in their order. */
export function createParameters(engine: Engine, weights: Iterable<readonly [string, TensorData]>): Map<string, Parameter> {
  const parameters = new Map<string, Parameter>();
  for (const [name, tensor] of weights) {
    parameters.set(name, engine.parameter(name, tensor.shape, Float32Array.from(tensor.data)));
  }
  return parameters;
}
