import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import type { Engine, Parameter, Parameters, Tensor } from '#lib/ml/engine/engine';
import type { ModelConfig } from '#lib/ml/models/model-config';
import type { LoraAdapter } from './lora';

/**
 * How a pass lets positions look at each other. Queries `[heads, batch, time, headSize]` (scaled and turned already), keys and values
 * `[keyValueHeads, batch, time, headSize]` -> `[heads, batch, time, headSize]`. Training, packing and decoding differ in nothing else.
 */
export type Attend = (layer: number, queries: Tensor, keys: Tensor, values: Tensor) => Tensor;

/** One pass over `batch` rows of `time` tokens each. */
export interface Pass {
  /** `[batch * time]` int32. */
  readonly tokens: Tensor;
  /** Position of each token in its own text: `[batch * time]` int32. */
  readonly positions: Tensor;
  readonly batch: number;
  readonly time: number;
  readonly attend: Attend;
  /**
   * Where hidden states are wanted, if not everywhere: `count` flat positions a row, row by row, `[batch * count]` int32. The last block then computes
   * queries and all that follows only there, and `attend` gets its queries with `count` instead of `time`.
   */
  readonly wanted?: { readonly index: Tensor; readonly count: number };
}

/** Embedding and blocks of one family: tokens to hidden states. What is here is common to all families. */
export abstract class Trunk {
  /** Blocks keep only what they are given and are computed again in the backward pass: far less memory for one more forward pass. */
  recompute = false;
  private lora: LoraAdapter | undefined;
  private adapterOff = false;

  constructor(
    readonly engine: Engine,
    readonly config: ModelConfig,
    readonly parameters: Parameters,
  ) {}

  /** Hidden states after the last norm: `[batch * time, hiddenSize]`, or `[batch * count, hiddenSize]` of the positions that are wanted. */
  abstract forward(pass: Pass): Tensor;

  /** The matrix that turns hidden states into logits: `[vocabSize, hiddenSize]`. */
  abstract outputWeight(): Tensor;

  /** The same computation arranged for one token a row; owns what it copies, not the parameters. */
  abstract forDecoding(): Trunk;

  /** One block of the trunk: `[n, hiddenSize]` -> `[n, hiddenSize]`. */
  protected block(x: Tensor, work: (x: Tensor) => Tensor): Tensor {
    if (this.recompute) return this.engine.recompute([x], (given) => work(given as Tensor));
    // without gradients, what one block computed is not kept for the next
    return this.engine.tidy(() => work(x));
  }

  /** `[n, hiddenSize]` -> `[n, vocabSize]` */
  logits(hidden: Tensor): Tensor {
    return this.engine.matMul(hidden, this.outputWeight(), false, true);
  }

  /** The adapter, where there is one and it is not switched off. */
  get adapter(): LoraAdapter | undefined {
    return this.adapterOff ? undefined : this.lora;
  }

  /** What is trained: the adapter's parameters where there is one, else all. */
  get trainable(): Parameters {
    return this.lora?.parameters ?? this.parameters;
  }

  /** From now on the trunk computes with the adapter, and owns it; its own parameters stay as they are. */
  attach(adapter: LoraAdapter): void {
    if (this.lora) throw new AppError('INTERNAL', 'The model has an adapter already.');
    this.lora = adapter;
  }

  /** `work` with the model that the adapter was put on, to the last bit: the reference model without a second copy. Not for work that waits. */
  withAdapterOff<T>(work: () => T): T {
    const before = this.adapterOff;
    this.adapterOff = true;
    try {
      return work();
    } finally {
      this.adapterOff = before;
    }
  }

  /** All parameters of the model as it computes now; adapted ones are computed at every read. */
  protected effective(): Parameters {
    return this.adapter?.merged(this.parameters) ?? this.parameters;
  }

  /** x W^T + b of the linear layer `name`, with its adapter; b only where the model has one: `[n, in]` -> `[n, out]`. */
  linear(name: string, x: Tensor): Tensor {
    const y = this.withBias(`${name}.bias`, this.engine.matMul(x, this.weight(`${name}.weight`), false, true));
    const delta = this.adapter?.delta(name, x);
    return delta ? this.engine.add(y, delta) : y;
  }

  /** x + b, or x where the model has no tensor of this name. */
  protected withBias(name: string, x: Tensor): Tensor {
    return this.parameters.has(name) ? this.engine.add(x, this.weight(name)) : x;
  }

  /** `[batch * time, columns]` -> parts of `[heads, batch, time, headSize]`; the parts of the first axis need no copies. */
  protected splitHeads(x: Tensor, batch: number, parts: readonly number[]): Tensor[] {
    const { engine } = this;
    const heads = parts.reduce((sum, part) => sum + part, 0);
    const byToken = engine.reshape(x, [batch, (x.shape[0] ?? 0) / batch, heads, this.config.headSize]);
    const byHead = engine.transpose(byToken, [2, 0, 1, 3]);
    return parts.length === 1 ? [byHead] : engine.split(byHead, parts, 0);
  }

  /** `[heads, batch, time, headSize]` -> `[batch * time, heads * headSize]` */
  protected joinHeads(mixed: Tensor): Tensor {
    const [heads = 0, batch = 0, time = 0, headSize = 0] = mixed.shape;
    return this.engine.reshape(this.engine.transpose(mixed, [1, 2, 0, 3]), [batch * time, heads * headSize]);
  }

  weight(name: string): Tensor {
    const parameter = this.adapter?.parameters.get(name) ?? this.parameters.get(name);
    if (!parameter) throw new AppError('INTERNAL', `The model has no tensor ${name}.`);
    return parameter.read();
  }

  /** Throws BAD_INPUT for an id that the embedding does not have (the native library would read other memory or wrap around). */
  checkTokens(tokens: ArrayLike<number>): void {
    const { vocabSize } = this.config;
    for (let index = 0; index < tokens.length; index += 1) {
      const token = tokens[index] ?? -1;
      if (token >= 0 && token < vocabSize) continue;
      throw new AppError('BAD_INPUT', `Token ${token} is outside of the model's vocabulary of ${vocabSize}.`, {
        remedy: 'Use the tokenizer that belongs to this model.',
      });
    }
  }

  /** Throws BAD_INPUT where a row of `time` tokens is longer than what the model was made for. */
  checkTime(time: number): void {
    const { contextLength } = this.config;
    if (time <= contextLength) return;
    throw new AppError('BAD_INPUT', `A row has ${time} tokens; the model reads at most ${contextLength}.`, {
      remedy: 'Shorten the prompts or ask for shorter answers.',
    });
  }

  /** Merged with the adapter, unless it is off. */
  exportWeights(): Record<string, TensorData> {
    return Object.fromEntries(
      [...this.effective()].map(([name, parameter]) => [name, { dtype: 'F32', shape: parameter.shape, data: parameter.values() }]),
    );
  }

  dispose(): void {
    this.lora?.dispose();
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
