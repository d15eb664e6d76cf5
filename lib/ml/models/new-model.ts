import { createRandom } from '#lib/domain/random';
import type { TensorData } from '#lib/formats/safetensors';
import type { ModelWeights } from './hugging-face';
import type { ModelConfig } from './model-config';
import { tensorShapes } from './tensor-shapes';

/** Radford et al. 2019, section 2.3; also what transformers takes for llama. */
const deviation = 0.02;
const isResidual = (name: string) => /\.(?:o_proj|down_proj|c_proj)\.weight$/.test(name);
const isNorm = (name: string) => /(?:norm|ln_\w+)\.weight$/.test(name);

/**
 * A language model before its training: norms at 1, biases at 0, everything else N(0, 0.02^2), what is added to the residual stream
 * divided by sqrt(2 layers). Each tensor has its own stream, so that one more layer changes none of the others.
 */
export function newModel(config: ModelConfig, seed: number): ModelWeights {
  const weights = new Map<string, TensorData>();
  for (const [name, shape] of tensorShapes(config, 'POLICY')) {
    const data = new Float32Array(shape.reduce((product, length) => product * length, 1));
    if (isNorm(name)) data.fill(1);
    else if (!name.endsWith('.bias')) {
      const random = createRandom(seed, 'new-model', name);
      const scale = isResidual(name) ? deviation / Math.sqrt(2 * config.layers) : deviation;
      for (let index = 0; index < data.length; index += 1) data[index] = scale * random.normal();
    }
    weights.set(name, { dtype: 'F32', shape, data });
  }
  return { config, kind: 'POLICY', weights };
}
