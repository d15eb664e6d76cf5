import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import type { Engine, Parameters, Tensor } from '#lib/ml/engine/engine';
import type { ModelWeights } from '#lib/ml/models/hugging-face';
import type { ModelConfig } from '#lib/ml/models/model-config';
import { attendFully, CausalMasks } from './full-attention';
import { Gpt2Trunk } from './gpt2-trunk';
import { LlamaTrunk } from './llama-trunk';
import { createParameters, type Trunk } from './trunk';

/**
 * Common to both heads. Token rows are padded on the right to one length; flat positions count through `[batch * time]`.
 * Tensors that are returned belong to the scope of the caller.
 */
interface Model {
  readonly config: ModelConfig;
  readonly parameters: Parameters;
  readonly trunk: Trunk;
  /** Hidden states after the last norm: `[batch * time, hiddenSize]`. */
  hidden(tokens: Int32Array, batch: number, time: number): Tensor;
  /** The weights by their Hugging Face names, float32. */
  exportWeights(): Record<string, TensorData>;
  dispose(): void;
}

export interface LanguageModel extends Model {
  /** Logits at the given flat positions: `[positions.length, vocabSize]`. */
  logits(tokens: Int32Array, batch: number, time: number, positions: Int32Array): Tensor;
  /** Log-probability of the token that follows each flat position, by the logits divided by `temperature`: `[positions.length]`. */
  logProbs(tokens: Int32Array, batch: number, time: number, positions: Int32Array, temperature: number): Tensor;
  clone(): LanguageModel;
}

export interface ScalarModel extends Model {
  /** One number at each flat position: `[positions.length]`. A reward is read at a row's last real token, values at every response position. */
  scores(tokens: Int32Array, batch: number, time: number, positions: Int32Array): Tensor;
  clone(): ScalarModel;
}

/** Rows of `[batch * time, d]` at flat positions; the projection onto a vocabulary is paid only there. */
function rowsAt(engine: Engine, hidden: Tensor, positions: Int32Array): Tensor {
  const rows = hidden.shape[0] ?? 0;
  for (const position of positions) {
    if (position < 0 || position >= rows) throw new AppError('INTERNAL', `Position ${position} is outside of ${rows} rows.`);
  }
  return engine.gatherRows(hidden, engine.int(positions, [positions.length]));
}

function createTrunk(engine: Engine, config: ModelConfig, parameters: Parameters): Trunk {
  return config.family === 'gpt2' ? new Gpt2Trunk(engine, config, parameters) : new LlamaTrunk(engine, config, parameters);
}

/** A trunk of any family with what its two heads share. */
class TrunkModel implements Model {
  readonly trunk: Trunk;
  private readonly masks: CausalMasks;

  constructor(
    protected readonly engine: Engine,
    readonly config: ModelConfig,
    readonly parameters: Parameters,
  ) {
    this.trunk = createTrunk(engine, config, parameters);
    this.masks = new CausalMasks(engine);
  }

  hidden(tokens: Int32Array, batch: number, time: number): Tensor {
    return this.engine.tidy(() => this.forward(tokens, batch, time));
  }

  /** Rows of whole texts that all begin at position 0. */
  protected forward(tokens: Int32Array, batch: number, time: number): Tensor {
    const { engine, trunk } = this;
    if (tokens.length !== batch * time) throw new AppError('INTERNAL', `${tokens.length} tokens are not ${batch} rows of ${time}.`);
    trunk.checkTime(time);
    trunk.checkTokens(tokens);
    const positions = Int32Array.from(tokens, (_, index) => index % time);
    return trunk.forward({
      tokens: engine.int(tokens, [tokens.length]),
      positions: engine.int(positions, [positions.length]),
      batch,
      time,
      attend: attendFully(engine, this.masks.of(time)),
    });
  }

  exportWeights(): Record<string, TensorData> {
    return this.trunk.exportWeights();
  }

  dispose(): void {
    this.masks.dispose();
    this.trunk.dispose();
  }

  protected copies(): Parameters {
    return createParameters(this.engine, Object.entries(this.exportWeights()));
  }
}

class TrunkLanguageModel extends TrunkModel implements LanguageModel {
  logits(tokens: Int32Array, batch: number, time: number, positions: Int32Array): Tensor {
    const { engine, trunk } = this;
    return engine.tidy(() => trunk.logits(rowsAt(engine, this.forward(tokens, batch, time), positions)));
  }

  logProbs(tokens: Int32Array, batch: number, time: number, positions: Int32Array, temperature: number): Tensor {
    const { engine, trunk } = this;
    const targets = positions.map((position) => tokens[position + 1] ?? -1);
    this.trunk.checkTokens(targets);
    return engine.tidy(() => {
      const rows = rowsAt(engine, this.forward(tokens, batch, time), positions);
      return engine.tokenLogProbs(rows, trunk.outputWeight(), engine.int(targets, [targets.length]), 1 / temperature);
    });
  }

  clone(): LanguageModel {
    return new TrunkLanguageModel(this.engine, this.config, this.copies());
  }
}

class TrunkScalarModel extends TrunkModel implements ScalarModel {
  scores(tokens: Int32Array, batch: number, time: number, positions: Int32Array): Tensor {
    const { engine, trunk } = this;
    return engine.tidy(() => {
      const rows = rowsAt(engine, this.forward(tokens, batch, time), positions);
      // [n, d] x [1, d]^T -> [n, 1] -> [n]
      return engine.reshape(engine.matMul(rows, trunk.weight('score.weight'), false, true), [positions.length]);
    });
  }

  clone(): ScalarModel {
    return new TrunkScalarModel(this.engine, this.config, this.copies());
  }
}

/** Throws BAD_INPUT where `files` hold a reward or value model. */
export function createLanguageModel(engine: Engine, files: ModelWeights): LanguageModel {
  if (files.kind !== 'POLICY') throw new AppError('BAD_INPUT', 'A language model is needed, but this is a model with a scalar head.');
  return new TrunkLanguageModel(engine, files.config, createParameters(engine, files.weights));
}

/** A new head: N(0, 1 / (d + 1)) (Ouyang et al. 2022; Huang et al. 2024, detail 5). */
export function newScalarHead(hiddenSize: number, seed: number): Float32Array {
  const random = createRandom(seed, 'scalar-head');
  return Float32Array.from({ length: hiddenSize }, () => random.normal() / Math.sqrt(hiddenSize + 1));
}

/**
 * Trunk and scalar head. From a policy's files the head is new, from those of a reward or value model it is read.
 */
export function createScalarModel(engine: Engine, files: ModelWeights, options: { readonly headSeed: number }): ScalarModel {
  const weights = [...files.weights].filter(([name]) => name !== 'lm_head.weight');
  if (files.kind === 'POLICY') {
    const { hiddenSize } = files.config;
    weights.push(['score.weight', { dtype: 'F32', shape: [1, hiddenSize], data: newScalarHead(hiddenSize, options.headSeed) }]);
  }
  return new TrunkScalarModel(engine, files.config, createParameters(engine, weights));
}
