import { createRandom } from '#lib/domain/random';
import type { TensorData } from '#lib/formats/safetensors';
import type { ModelFiles } from '#lib/ml/models/hugging-face';
import type { LlamaConfig } from '#lib/ml/models/llama-config';
import { tensorShapes } from '#lib/ml/models/tensor-shapes';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';

export const tinyConfig: LlamaConfig = {
  family: 'llama',
  modelType: 'llama',
  vocabSize: 12,
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  headSize: 8,
  contextLength: 32,
  rope: { theta: 10_000, scaling: null },
  normEpsilon: 1e-5,
  biases: { attention: false, output: false, mlp: false },
  qkNorm: false,
  slidingWindow: null,
  tiedEmbeddings: false,
  bosTokenId: 1,
  eosTokenId: 2,
  stopTokenIds: [2],
  padTokenId: 0,
};

/** Random weights: norms at 1, the rest normal with deviation `scale` / sqrt(width). */
export function tinyFiles(seed: number, config: LlamaConfig = tinyConfig, scale = 1): ModelFiles {
  const weights = new Map<string, TensorData>();
  for (const [name, shape] of tensorShapes(config, 'POLICY')) {
    const random = createRandom(seed, name);
    const size = shape.reduce((product, length) => product * length, 1);
    const deviation = scale / Math.sqrt(shape.at(-1)!);
    weights.set(name, {
      dtype: 'F32',
      shape,
      data: Float32Array.from({ length: size }, () => (shape.length === 1 ? 1 : deviation * random.normal())),
    });
  }
  return { config, kind: 'POLICY', weights, tokenizerJson: '' };
}

/** Tokens written as their numbers: enough to read a sample table by. */
export const numberTokenizer: Tokenizer = {
  vocabularySize: tinyConfig.vocabSize,
  bosId: 1,
  eosId: 2,
  padId: 0,
  encode: (text, options = {}) => [...(options.bos ? [1] : []), ...text.split(' ').map(Number)],
  decode: (ids, options = {}) => ids.filter((id) => options.skipSpecial === false || id > 2).join(' '),
  encodeWithOffsets(text) {
    const words = [...text.matchAll(/\d+/g)];
    return { ids: words.map(([word]) => Number(word)), offsets: words.map(({ 0: word, index }) => [index, index + word.length]) };
  },
  pieceOf: (id) => String(id),
};
