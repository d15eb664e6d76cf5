import { AppError } from '#lib/errors';
import type { Engine, Parameters, Tensor } from '#lib/ml/engine/engine';
import type { Gpt2Config } from '#lib/ml/models/gpt2-config';
import { type Pass, Trunk } from './trunk';

/** GPT-2 (Radford et al. 2019): learned positions, LayerNorm before each part, biases everywhere, one activation. */
export class Gpt2Trunk extends Trunk {
  constructor(
    engine: Engine,
    override readonly config: Gpt2Config,
    parameters: Parameters,
  ) {
    super(engine, config, parameters);
  }

  outputWeight(): Tensor {
    return this.weight(this.config.tiedEmbeddings ? 'transformer.wte.weight' : 'lm_head.weight');
  }

  forward(pass: Pass): Tensor {
    const { config, engine } = this;
    const tokens = engine.gatherRows(this.weight('transformer.wte.weight'), pass.tokens);
    let x = engine.add(tokens, engine.gatherRows(this.weight('transformer.wpe.weight'), pass.positions));
    for (let layer = 0; layer < config.layers; layer += 1) {
      const name = `transformer.h.${layer}`;
      const wanted = layer === config.layers - 1 ? pass.wanted?.index : undefined;
      x = this.block(x, (given) => {
        const kept = wanted ? engine.gatherRows(given, wanted) : given;
        const middle = engine.add(kept, this.attention(layer, this.norm(`${name}.ln_1`, given), pass, wanted));
        const inner = this.activation(this.linear(`${name}.mlp.c_fc`, this.norm(`${name}.ln_2`, middle)));
        return engine.add(middle, this.linear(`${name}.mlp.c_proj`, inner));
      });
    }
    return this.norm('transformer.ln_f', x);
  }

  private norm(name: string, x: Tensor): Tensor {
    return this.engine.layerNorm(x, this.weight(`${name}.weight`), this.weight(`${name}.bias`), this.config.normEpsilon);
  }

  private activation(x: Tensor): Tensor {
    const { activation } = this.config;
    if (activation === 'relu') return this.engine.maximum(x, 0);
    return this.engine.gelu(x, activation === 'gelu' ? 'erf' : 'tanh');
  }

  /** `wanted`: flat positions that queries are wanted at. */
  private attention(layer: number, x: Tensor, pass: Pass, wanted: Tensor | undefined): Tensor {
    const { heads, headSize } = this.config;
    const { batch } = pass;
    const name = `transformer.h.${layer}.attn`;
    const projected = this.linear(`${name}.c_attn`, x);
    const [all, keys, values] = this.splitHeads(projected, batch, [heads, heads, heads]) as [Tensor, Tensor, Tensor];
    const queries = wanted ? this.queriesAt(projected, batch, wanted) : all;
    const mixed = pass.attend(layer, this.engine.mul(queries, 1 / Math.sqrt(headSize)), keys, values);
    return this.linear(`${name}.c_proj`, this.joinHeads(mixed));
  }

  /** `[batch * time, 3 hiddenSize]` at the positions of `index` -> `[heads, batch, count, headSize]` */
  private queriesAt(projected: Tensor, batch: number, index: Tensor): Tensor {
    const { heads, hiddenSize } = this.config;
    const queries = this.engine.slice(projected, [0, 0], [projected.shape[0] ?? 0, hiddenSize]);
    return (this.splitHeads(this.engine.gatherRows(queries, index), batch, [heads]) as [Tensor])[0];
  }

  forDecoding(): Trunk {
    return new DecodingGpt2(this.engine, this.config, this.effective());
  }
}

/** The same with transposed copies of the matrices, adapters merged into them, faster for few rows: of the weights as they were when it was made. `dispose` frees only them. */
class DecodingGpt2 extends Gpt2Trunk {
  private readonly copies = new Map<string, Tensor>();

  constructor(engine: Engine, config: Gpt2Config, parameters: Parameters) {
    super(engine, config, parameters);
    const copy = (name: string, weight: () => Tensor) =>
      this.copies.set(
        name,
        engine.tidy(() => engine.transpose(weight(), [1, 0])),
      );
    for (let layer = 0; layer < config.layers; layer += 1) {
      for (const part of ['attn.c_attn', 'attn.c_proj', 'mlp.c_fc', 'mlp.c_proj']) {
        const name = `transformer.h.${layer}.${part}`;
        copy(name, () => this.weight(`${name}.weight`));
      }
    }
    copy('output', () => this.outputWeight());
  }

  private copied(name: string): Tensor {
    const tensor = this.copies.get(name);
    if (!tensor) throw new AppError('INTERNAL', `There is no copy of ${name}.`);
    return tensor;
  }

  override linear(name: string, x: Tensor): Tensor {
    return this.withBias(`${name}.bias`, this.engine.matMul(x, this.copied(name)));
  }

  override logits(hidden: Tensor): Tensor {
    return this.engine.matMul(hidden, this.copied('output'));
  }

  override dispose(): void {
    this.engine.dispose([...this.copies.values()]);
  }
}
