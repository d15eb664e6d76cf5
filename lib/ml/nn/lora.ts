import { z } from 'zod';
import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import type { Engine, Parameter, Parameters, Tensor } from '#lib/ml/engine/engine';

export const loraConfig = z.object({
  /** Rank and alpha: PEFT's defaults are 8 and 8; alpha = 2 rank is usual. */
  rank: z.number().int().positive().default(8),
  alpha: z.number().positive().default(16),
  /**
   * Linear layers of the blocks by the end of their name, `q_proj` or `self_attn.*_proj` or `layers.0.mlp.up_proj`; `all-linear` for every one (Dettmers et
   * al. 2023 find it needed to reach full fine-tuning).
   */
  targets: z.array(z.string().min(1)).min(1).default(['all-linear']),
  /** alpha / sqrt(rank) instead of alpha / rank (Kalajdzievski 2023): higher ranks then learn as fast. */
  rankStabilised: z.boolean().default(false),
  /** Parts that are trained whole, on a copy of their own. Left out: the scalar head where there is one, because a new head that is frozen learns nothing. */
  modulesToSave: z.array(z.string().min(1)).optional(),
});
export type LoraConfig = z.infer<typeof loraConfig>;

const blockLinear = /^((?:model\.layers|transformer\.h)\.\d+\..+)\.weight$/;

/** Names of the linear layers of a trunk's blocks, with the shape of their matrix `[out, in]`. */
export function linearLayers(parameters: Parameters): Map<string, readonly number[]> {
  const layers = new Map<string, readonly number[]>();
  for (const [name, { shape }] of parameters) {
    const layer = blockLinear.exec(name)?.[1];
    if (layer !== undefined && shape.length === 2) layers.set(layer, shape);
  }
  return layers;
}

/** Whether the whole name or its end behind a point is `pattern`, where * stands for anything. */
function matches(name: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(?:^|\\.)${parts.join('.*')}$`).test(name);
}

function unmatched(what: string, pattern: string, known: Iterable<string>): AppError {
  return new AppError('BAD_INPUT', `The model has no ${what} "${pattern}".`, {
    details: { pattern },
    remedy: `There are ${[...known].slice(0, 8).join(', ')}, ...`,
  });
}

/** Layers that `targets` name. Throws BAD_INPUT for a pattern that names none. */
function targetLayers(parameters: Parameters, targets: readonly string[]): Map<string, readonly number[]> {
  const layers = linearLayers(parameters);
  for (const pattern of targets) {
    if (pattern === 'all-linear' || [...layers.keys()].some((name) => matches(name, pattern))) continue;
    throw unmatched('linear layer', pattern, layers.keys());
  }
  return new Map([...layers].filter(([name]) => targets.some((pattern) => pattern === 'all-linear' || matches(name, pattern))));
}

/** Parameters of the parts that `modules` name. Throws BAD_INPUT for a pattern that names none, or an adapted layer. */
function savedParameters(parameters: Parameters, modules: readonly string[], adapted: ReadonlyMap<string, unknown>): Parameter[] {
  const moduleOf = (name: string) => name.replace(/\.(?:weight|bias)$/, '');
  for (const pattern of modules) {
    const found = [...parameters.keys()].filter((name) => matches(moduleOf(name), pattern));
    if (found.length === 0) throw unmatched('part', pattern, new Set([...parameters.keys()].map(moduleOf)));
    const both = found.find((name) => adapted.has(moduleOf(name)));
    if (both === undefined) continue;
    throw new AppError('BAD_INPUT', `${moduleOf(both)} cannot have an adapter and be trained whole.`, { details: { pattern } });
  }
  return [...parameters].filter(([name]) => modules.some((pattern) => matches(moduleOf(name), pattern))).map(([, parameter]) => parameter);
}

interface Factors {
  readonly down: Parameter;
  readonly up: Parameter;
}

/**
 * Low-rank adapters (Hu et al. 2021): y = W x + scale B A x with W frozen, A `[rank, in]`, B `[out, rank]`. A starts uniform within
 * 1 / sqrt(in) (Kaiming with a = sqrt(5), as in the paper's code and PEFT), B at 0: at first nothing changes.
 */
export class LoraAdapter {
  /** All that is trained: `<layer>.lora_A.weight`, `<layer>.lora_B.weight`, and the parts that are trained whole by their own names. */
  readonly parameters: Parameters;
  /** With the patterns of `modulesToSave` that hold. */
  readonly config: LoraConfig & { readonly modulesToSave: readonly string[] };
  readonly scale: number;
  /** Names of the adapted layers. */
  readonly layers: readonly string[];
  private readonly factors = new Map<string, Factors>();

  /** For a model of these parameters. Throws BAD_INPUT where a pattern names nothing. */
  constructor(
    private readonly engine: Engine,
    base: Parameters,
    config: LoraConfig,
    seed: number,
  ) {
    const targets = targetLayers(base, config.targets);
    const modulesToSave = config.modulesToSave ?? (base.has('score.weight') ? ['score'] : []);
    const saved = savedParameters(base, modulesToSave, targets);
    const { alpha, rank } = config;
    this.config = { ...config, modulesToSave };
    this.scale = config.rankStabilised ? alpha / Math.sqrt(rank) : alpha / rank;
    this.layers = [...targets.keys()];
    const parameters = new Map<string, Parameter>();
    const add = (name: string, shape: readonly number[], values: Float32Array) => {
      const parameter = engine.parameter(name, shape, values);
      parameters.set(name, parameter);
      return parameter;
    };
    for (const [layer, [rows = 0, columns = 0]] of targets) {
      const random = createRandom(seed, 'lora', layer);
      const bound = 1 / Math.sqrt(columns);
      const uniform = Float32Array.from({ length: rank * columns }, () => (2 * random.next() - 1) * bound);
      this.factors.set(layer, {
        down: add(`${layer}.lora_A.weight`, [rank, columns], uniform),
        up: add(`${layer}.lora_B.weight`, [rows, rank], new Float32Array(rows * rank)),
      });
    }
    for (const { name, shape, values } of saved.map((one) => ({ name: one.name, shape: one.shape, values: one.values() }))) {
      add(name, shape, values);
    }
    this.parameters = parameters;
  }

  adapts(layer: string): boolean {
    return this.factors.has(layer);
  }

  /** scale B A x: `[n, in]` -> `[n, out]`, undefined where the layer has no adapter. `arrange` puts the rows of B into another order. */
  delta(layer: string, x: Tensor, arrange: (rows: Tensor) => Tensor = (rows) => rows): Tensor | undefined {
    const factors = this.factors.get(layer);
    if (!factors) return undefined;
    const { engine } = this;
    // the narrow product is scaled: [n, rank]
    const low = engine.mul(engine.matMul(x, factors.down.read(), false, true), this.scale);
    return engine.matMul(low, arrange(factors.up.read()), false, true);
  }

  /**
   * The parameters of the model as it computes with the adapter: W + scale B A for adapted layers, computed at every read into the caller's
   * scope; the trained copies for parts that are trained whole; all others as they are.
   */
  merged(base: Parameters): Parameters {
    return new Map([...base].map(([name, parameter]) => [name, this.parameters.get(name) ?? this.mergedParameter(name, parameter)]));
  }

  private mergedParameter(name: string, base: Parameter): Parameter {
    const factors = this.factors.get(name.replace(/\.weight$/, ''));
    if (!factors) return base;
    const { engine, scale } = this;
    const read = () => engine.tidy(() => engine.add(base.read(), engine.mul(engine.matMul(factors.up.read(), factors.down.read()), scale)));
    const refuse = () => {
      throw new AppError('INTERNAL', `The merged ${name} is computed; it cannot be changed.`);
    };
    return {
      name,
      shape: base.shape,
      read,
      values() {
        const tensor = read();
        const values = Float32Array.from(engine.read(tensor) as Float32Array);
        engine.dispose(tensor);
        return values;
      },
      assign: refuse,
      dispose: refuse,
    };
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }
}
