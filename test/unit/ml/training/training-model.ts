import { createRandom } from '#lib/domain/random';
import type { TensorData } from '#lib/formats/safetensors';
import type { Engine, Parameters, Tensor } from '#lib/ml/engine/engine';
import type { ModelWeights } from '#lib/ml/models/hugging-face';
import type { ModelConfig, ModelKind } from '#lib/ml/models/model-config';
import { tensorShapes } from '#lib/ml/models/tensor-shapes';
import type { Trunk } from '#lib/ml/nn/trunk';
import { TargetLogProbs } from '#lib/ml/training/target-log-probs';
import type { TokenRows } from '#lib/ml/training/token-rows';

const shared = {
  vocabSize: 19,
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 2,
  heads: 2,
  headSize: 8,
  contextLength: 48,
  normEpsilon: 1e-5,
  tiedEmbeddings: false,
  bosTokenId: 1,
  eosTokenId: 2,
  stopTokenIds: [2],
  padTokenId: 0,
};

/** Grouped queries, biases and norms of heads: everything that an adapter and a packed row have to keep apart. */
export const configs: Record<'llama' | 'gpt2', ModelConfig> = {
  llama: {
    ...shared,
    family: 'llama',
    modelType: 'qwen3',
    keyValueHeads: 1,
    rope: { theta: 10_000, scaling: null },
    biases: { attention: true, output: false, mlp: false },
    qkNorm: true,
    slidingWindow: null,
  },
  gpt2: { ...shared, family: 'gpt2', modelType: 'gpt2', keyValueHeads: 2, activation: 'gelu_new', tiedEmbeddings: true },
};

/** Random weights that make sharp predictions: norms near 1, the rest N(0, 1 / width), biases N(0, 0.1). */
export function randomWeights(config: ModelConfig, seed: number, kind: ModelKind = 'POLICY'): ModelWeights {
  const weights = new Map<string, TensorData>();
  for (const [name, shape] of tensorShapes(config, kind)) {
    const random = createRandom(seed, name);
    const size = shape.reduce((product, length) => product * length, 1);
    const value = () => {
      if (shape.length > 1) return random.normal() / Math.sqrt(shape.at(-1) ?? 1);
      return 0.1 * random.normal() + (name.endsWith('.bias') ? 0 : 1);
    };
    weights.set(name, { dtype: 'F32', shape, data: Float32Array.from({ length: size }, value) });
  }
  return { config, kind, weights };
}

/** Random token ids from 3 on after the begin token. */
export function randomTokens(seed: number, length: number): number[] {
  const random = createRandom(seed, 'tokens');
  return Array.from({ length }, (_, index) => (index === 0 ? 1 : 3 + random.integer(16)));
}

/** Loss sum(weight nll) / sum(weight) over all rows, and its gradients. */
export function lossAndGradients(
  engine: Engine,
  model: { readonly trunk: Trunk; readonly parameters: Parameters },
  all: readonly TokenRows[],
  parameters: Parameters = model.parameters,
): { readonly loss: number; readonly gradients: Map<string, Float32Array> } {
  const logProbs = new TargetLogProbs(model.trunk);
  const total = all.reduce((sum, { weights }) => sum + weights.reduce((a, b) => a + b, 0), 0);
  const gradients = new Map<string, Float32Array>();
  let loss = 0;
  for (const rows of all) {
    const result = engine.gradients(parameters, () => {
      const values = logProbs.of(rows);
      const weights = new Float32Array(values.shape[0] ?? 0);
      weights.set(rows.weights.map((weight) => -weight / total));
      return { loss: engine.sum(engine.mul(values, engine.float(weights, [weights.length]))) };
    });
    loss += result.loss;
    for (const [name, gradient] of result.gradients) {
      const before = gradients.get(name);
      const values = Float32Array.from(engine.read(gradient) as Float32Array);
      gradients.set(name, before ? values.map((value, index) => value + (before[index] ?? Number.NaN)) : values);
      engine.dispose(gradient as Tensor);
    }
  }
  logProbs.dispose();
  return { loss, gradients };
}

/** Largest difference of each tensor, relative to the largest value of that tensor. */
export function relativeDifference(a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>): number {
  let worst = 0;
  for (const [name, values] of a) {
    const others = b.get(name) ?? new Float32Array(0);
    if (others.length !== values.length) return Number.POSITIVE_INFINITY;
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
    for (const [index, value] of values.entries()) {
      const difference = Math.abs(value - (others[index] ?? Number.NaN)) / largest;
      if (!(difference <= worst)) worst = difference;
    }
  }
  return worst;
}
