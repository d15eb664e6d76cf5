import { AppError } from '#lib/errors';
import type { Engine, Parameters, Tensor } from '#lib/ml/engine/engine';
import type { LlamaConfig } from '#lib/ml/models/llama-config';
import { Rotary } from './rotary';
import { type Pass, Trunk } from './trunk';

type Turns = ReturnType<Rotary['turns']>;

/** Queries `[heads, batch, time, headSize]`, keys and values `[keyValueHeads, batch, time, headSize]`. */
interface HeadParts {
  readonly queries: Tensor;
  readonly keys: Tensor;
  readonly values: Tensor;
}

type Projection = 'q' | 'k' | 'v';
const projections: readonly Projection[] = ['q', 'k', 'v'];

function projectionName(layer: number, part: Projection): string {
  return `model.layers.${layer}.self_attn.${part}_proj`;
}

/** A llama: RMSNorm, rotary positions, grouped-query attention (Ainslie et al. 2023), SwiGLU; biases and norms of heads by config. */
export class LlamaTrunk extends Trunk {
  constructor(
    engine: Engine,
    override readonly config: LlamaConfig,
    parameters: Parameters,
    protected readonly rotary = new Rotary(engine, config),
  ) {
    super(engine, config, parameters);
  }

  outputWeight(): Tensor {
    return this.weight(this.config.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight');
  }

  forward(pass: Pass): Tensor {
    const { config, engine } = this;
    const turns = this.rotary.turns(pass.positions);
    let x = engine.gatherRows(this.weight('model.embed_tokens.weight'), pass.tokens);
    for (let layer = 0; layer < config.layers; layer += 1) {
      const wanted = layer === config.layers - 1 ? pass.wanted : undefined;
      x = this.block(x, (given) => {
        const normed = this.normed(given, `model.layers.${layer}.input_layernorm.weight`);
        const heads = wanted ? this.headsAt(layer, normed, pass, turns, wanted.index) : this.heads(layer, normed, pass, turns);
        const mixed = this.joinHeads(pass.attend(layer, heads.queries, heads.keys, heads.values));
        const kept = wanted ? engine.gatherRows(given, wanted.index) : given;
        const middle = engine.add(kept, this.layerLinear(layer, 'self_attn.o_proj', mixed));
        return engine.add(middle, this.feedForward(layer, this.normed(middle, `model.layers.${layer}.post_attention_layernorm.weight`)));
      });
    }
    return this.normed(x, 'model.norm.weight');
  }

  /** Weight of a layer: `self_attn.q_proj`, `mlp.up_proj`, ... */
  protected layerWeight(layer: number, part: string): Tensor {
    return this.weight(`model.layers.${layer}.${part}.weight`);
  }

  /** RMSNorm with the weight of this name. */
  protected normed(x: Tensor, name: string): Tensor {
    return this.norm(x, this.weight(name));
  }

  private norm(x: Tensor, weight: Tensor): Tensor {
    return this.engine.rmsNorm(x, weight, this.config.normEpsilon);
  }

  /** The linear layer `part` of a layer. */
  protected layerLinear(layer: number, part: string, x: Tensor): Tensor {
    return this.linear(`model.layers.${layer}.${part}`, x);
  }

  private feedForward(layer: number, x: Tensor): Tensor {
    const { engine } = this;
    const { gate, up } = this.gateAndUp(layer, x);
    return this.layerLinear(layer, 'mlp.down_proj', engine.swiGlu(gate, up));
  }

  protected gateAndUp(layer: number, x: Tensor): { gate: Tensor; up: Tensor } {
    return { gate: this.layerLinear(layer, 'mlp.gate_proj', x), up: this.layerLinear(layer, 'mlp.up_proj', x) };
  }

  protected heads(layer: number, x: Tensor, pass: Pass, turns: Turns): HeadParts {
    const { heads, keyValueHeads } = this.config;
    const parts = this.splitHeads(this.queriesKeysValues(layer, x), pass.batch, [heads, keyValueHeads, keyValueHeads]);
    const [queries, keys, values] = parts as [Tensor, Tensor, Tensor];
    return { queries: this.turned(layer, 'q', queries, turns.queries), keys: this.turned(layer, 'k', keys, turns.keys), values };
  }

  /** The same with queries only at the positions of `index`: `[heads, batch, count, headSize]`. */
  private headsAt(layer: number, x: Tensor, pass: Pass, turns: Turns, index: Tensor): HeadParts {
    const { engine } = this;
    const { heads, keyValueHeads } = this.config;
    const at = engine.gatherRows(x, index);
    const [queries] = this.splitHeads(this.projection(layer, at, ['q']), pass.batch, [heads]) as [Tensor];
    const parts = this.splitHeads(this.projection(layer, x, ['k', 'v']), pass.batch, [keyValueHeads, keyValueHeads]);
    const [keys, values] = parts as [Tensor, Tensor];
    const queryTurns = engine.gatherRows(turns.queries, index);
    return { queries: this.turned(layer, 'q', queries, queryTurns), keys: this.turned(layer, 'k', keys, turns.keys), values };
  }

  private turned(layer: number, part: 'q' | 'k', x: Tensor, turns: Tensor): Tensor {
    return this.engine.rotate(this.headNorm(layer, `self_attn.${part}_norm`, x), turns);
  }

  /** Every head of `[heads, batch, time, headSize]` by itself (Qwen3). */
  private headNorm(layer: number, part: string, x: Tensor): Tensor {
    if (!this.config.qkNorm) return x;
    const { engine } = this;
    const { headSize } = this.config;
    const weight = this.rotary.sideBySide(this.layerWeight(layer, part), 1);
    const rows = engine.reshape(x, [x.shape.slice(0, -1).reduce((product, length) => product * length, 1), headSize]);
    return engine.reshape(this.norm(rows, weight), x.shape);
  }

  /** `[n, hiddenSize]` -> `[n, (heads + 2 keyValueHeads) * headSize]` */
  protected queriesKeysValues(layer: number, x: Tensor): Tensor {
    return this.projection(layer, x, projections);
  }

  /** Projections side by side, each with its adapter. */
  private projection(layer: number, x: Tensor, parts: readonly Projection[]): Tensor {
    const product = this.engine.matMul(x, this.sideBySide(layer, parts, 'weight'), false, true);
    const sum = this.config.biases.attention ? this.engine.add(product, this.sideBySide(layer, parts, 'bias')) : product;
    const deltas = this.adapterDeltas(layer, x, parts);
    return deltas ? this.engine.add(sum, deltas) : sum;
  }

  private headsOf(part: Projection): number {
    return part === 'q' ? this.config.heads : this.config.keyValueHeads;
  }

  /** Rows of a projection in the order in which they turn by pairs; values do not turn. */
  private inPairs(part: Projection, rows: Tensor): Tensor {
    return part === 'v' ? rows : this.rotary.sideBySide(rows, this.headsOf(part));
  }

  /** What adapters of the projections add, side by side as their product: undefined where none has one. */
  private adapterDeltas(layer: number, x: Tensor, parts: readonly Projection[]): Tensor | undefined {
    const { adapter, config, engine } = this;
    if (!adapter || !parts.some((part) => adapter.adapts(projectionName(layer, part)))) return undefined;
    const [rows = 0] = x.shape;
    const deltas = parts.map((part) => {
      const delta = adapter.delta(projectionName(layer, part), x, (up) => this.inPairs(part, up));
      return delta ?? engine.zeros([rows, this.headsOf(part) * config.headSize]);
    });
    return deltas.length === 1 ? (deltas[0] as Tensor) : engine.concat(deltas, 1);
  }

  /** Projections as one matrix, pairs side by side: all three are `[(heads + 2 keyValueHeads) * headSize, hiddenSize]`; their biases lack the last axis. */
  protected sideBySide(layer: number, parts: readonly Projection[], kind: 'weight' | 'bias'): Tensor {
    const all = parts.map((part) => this.inPairs(part, this.weight(`${projectionName(layer, part)}.${kind}`)));
    return all.length === 1 ? (all[0] as Tensor) : this.engine.concat(all, 0);
  }

  forDecoding(): Trunk {
    return new DecodingLlama(this.engine, this.config, this.effective(), this.rotary);
  }

  override dispose(): void {
    this.rotary.dispose();
    super.dispose();
  }
}

/**
 * The same with weights laid out for few rows, where every operation counts: projections that read the same input are one matrix that
 * holds the norm before it and the scale of the queries too, and all are transposed, which is up to twice as fast for up to 32 rows. The
 * copies are of the weights as they were when it was made; they are all that `dispose` frees.
 */
class DecodingLlama extends LlamaTrunk {
  private readonly copies = new Map<string, Tensor>();

  constructor(engine: Engine, config: LlamaConfig, parameters: Parameters, rotary: Rotary) {
    super(engine, config, parameters, rotary);
    const copy = (name: string, tensor: () => Tensor) => this.copies.set(name, engine.tidy(tensor));
    const transposed = (name: string, weight: () => Tensor) => copy(name, () => engine.transpose(weight(), [1, 0]));
    // [out, in] -> [in, out], row by row times the weight of the norm: [in] -> [in, 1]
    const afterNorm = (norm: string, weight: Tensor) => {
      const scale = this.weight(norm);
      return engine.mul(engine.transpose(weight, [1, 0]), engine.reshape(scale, [...scale.shape, 1]));
    };
    for (let layer = 0; layer < config.layers; layer += 1) {
      const name = `model.layers.${layer}`;
      const both = (kind: string) =>
        engine.concat(
          ['gate', 'up'].map((part) => this.weight(`${name}.mlp.${part}_proj.${kind}`)),
          0,
        );
      copy(`${layer}.qkv`, () =>
        engine.mul(afterNorm(`${name}.input_layernorm.weight`, this.sideBySide(layer, projections, 'weight')), this.queryScale()),
      );
      if (config.biases.attention)
        copy(`${layer}.qkv.bias`, () => engine.mul(this.sideBySide(layer, projections, 'bias'), this.queryScale()));
      copy(`${layer}.gate-up`, () => afterNorm(`${name}.post_attention_layernorm.weight`, both('weight')));
      if (config.biases.mlp) copy(`${layer}.gate-up.bias`, () => both('bias'));
      for (const part of ['self_attn.o_proj', 'mlp.down_proj']) transposed(`${layer}.${part}`, () => this.layerWeight(layer, part));
    }
    copy('output', () => afterNorm('model.norm.weight', this.outputWeight()));
  }

  /** What the columns of queries, keys and values are multiplied by. Where heads are normed by themselves, the scale has to come after that. */
  private queryScale(): Tensor {
    const { headSize, heads, keyValueHeads, qkNorm } = this.config;
    const scale = new Float32Array((heads + 2 * keyValueHeads) * headSize).fill(1);
    if (!qkNorm) scale.fill(1 / Math.sqrt(headSize), 0, heads * headSize);
    return this.engine.float(scale, [scale.length]);
  }

  protected override normed(x: Tensor): Tensor {
    return this.engine.plainRmsNorm(x, this.config.normEpsilon);
  }

  /** Queries hold their scale already: they turn together with the keys. */
  protected override heads(layer: number, x: Tensor, pass: Pass, turns: Turns): HeadParts {
    if (this.config.qkNorm) return super.heads(layer, x, pass, turns);
    const { heads, keyValueHeads } = this.config;
    const parts = this.splitHeads(this.queriesKeysValues(layer, x), pass.batch, [heads + keyValueHeads, keyValueHeads]);
    const [turning, values] = parts as [Tensor, Tensor];
    const [queries, keys] = this.engine.split(this.engine.rotate(turning, turns.keys), [heads, keyValueHeads], 0) as [Tensor, Tensor];
    return { queries, keys, values };
  }

  private copied(name: string): Tensor {
    const tensor = this.copies.get(name);
    if (!tensor) throw new AppError('INTERNAL', `There is no copy of ${name}.`);
    return tensor;
  }

  /** x W^T + b with the copies of `name`. */
  private product(name: string, x: Tensor): Tensor {
    const product = this.engine.matMul(x, this.copied(name));
    return this.copies.has(`${name}.bias`) ? this.engine.add(product, this.copied(`${name}.bias`)) : product;
  }

  protected override queriesKeysValues(layer: number, x: Tensor): Tensor {
    return this.product(`${layer}.qkv`, x);
  }

  protected override gateAndUp(layer: number, x: Tensor): { gate: Tensor; up: Tensor } {
    const width = this.config.intermediateSize;
    const [gate, up] = this.engine.split(this.product(`${layer}.gate-up`, x), [width, width], 1) as [Tensor, Tensor];
    return { gate, up };
  }

  protected override layerLinear(layer: number, part: string, x: Tensor): Tensor {
    return this.withBias(`model.layers.${layer}.${part}.bias`, this.engine.matMul(x, this.copied(`${layer}.${part}`)));
  }

  override logits(hidden: Tensor): Tensor {
    return this.engine.matMul(hidden, this.copied('output'));
  }

  override dispose(): void {
    this.engine.dispose([...this.copies.values()]);
  }
}
