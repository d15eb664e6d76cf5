import { createRandom } from '#lib/domain/random';
import type { TensorData } from '#lib/formats/safetensors';
import type { ModelFiles } from '#lib/ml/models/hugging-face';
import type { LlamaConfig } from '#lib/ml/models/llama-config';
import { tensorShapes } from '#lib/ml/models/tensor-shapes';
import { llama2cTokenizerJson } from '#lib/ml/tokenizers/llama2c-tokenizer';

/** Three special pieces, 256 bytes, and a few words with the letters they are made of. */
export function tinyPieces(): { bytes: Uint8Array; score: number }[] {
  const encoder = new TextEncoder();
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const words = [' t', 'he', ' the', ' c', 'at', ' cat', ' ', 't', 'h', 'e', 'c', 'a', 's', '.'];
  return [
    ...['<unk>', '\n<s>\n', '\n</s>\n', ...bytes].map((text) => ({ bytes: encoder.encode(text), score: 0 })),
    ...words.map((text, index) => ({ bytes: encoder.encode(text), score: -index })),
  ];
}

export const tinyConfig: LlamaConfig = {
  family: 'llama',
  modelType: 'llama',
  vocabSize: tinyPieces().length,
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 4,
  contextLength: 96,
  rope: { theta: 10_000, scaling: null },
  normEpsilon: 1e-5,
  biases: { attention: false, output: false, mlp: false },
  qkNorm: false,
  slidingWindow: null,
  tiedEmbeddings: true,
  bosTokenId: 1,
  eosTokenId: 2,
  stopTokenIds: [2],
  padTokenId: 0,
};

/** A random llama: fast, and real enough for everything but good text. */
export function tinyLlama(change: Partial<LlamaConfig> = {}): ModelFiles {
  const config = { ...tinyConfig, ...change };
  const random = createRandom(7, 'tiny-llama');
  const weights = new Map<string, TensorData>();
  for (const [name, shape] of tensorShapes(config, 'POLICY')) {
    const size = shape.reduce((product, length) => product * length, 1);
    const scale = name.includes('norm') ? 0.1 : 0.35;
    const center = name.includes('norm') ? 1 : 0;
    weights.set(name, { dtype: 'F32', shape, data: Float32Array.from({ length: size }, () => center + scale * random.normal()) });
  }
  return { config, kind: 'POLICY', weights, tokenizerJson: llama2cTokenizerJson(tinyPieces(), 'tiny-tokenizer.bin') };
}
