import { createRandom } from '#lib/domain/random';
import type { TensorData } from '#lib/formats/safetensors';
import type { ModelFiles } from '#lib/ml/models/hugging-face';
import type { LlamaConfig } from '#lib/ml/models/llama-config';
import { tensorShapes } from '#lib/ml/models/tensor-shapes';

const letters = [' ', ...'abcdefghijklmnopqrstuvwxyz', '.', '?'];

/** One token a letter; 0 pad, 1 begin, 2 end. */
const tinyTokenizer = JSON.stringify({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: ['<pad>', '<s>', '</s>'].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: null,
  post_processor: null,
  decoder: { type: 'Fuse' },
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab: Object.fromEntries(['<pad>', '<s>', '</s>', ...letters].map((token, id) => [token, id])),
    merges: [],
  },
});

const config: LlamaConfig = {
  family: 'llama',
  modelType: 'llama',
  vocabSize: 3 + letters.length,
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  headSize: 8,
  contextLength: 64,
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

/** A llama of about 4,000 random weights that writes letters: small enough to train in a test, real at every point. */
export function tinyModel(seed = 1): ModelFiles {
  const weights = new Map<string, TensorData>();
  for (const [name, shape] of tensorShapes(config, 'POLICY')) {
    const random = createRandom(seed, name);
    const size = shape.reduce((product, length) => product * length, 1);
    const deviation = 1 / Math.sqrt(shape.at(-1)!);
    weights.set(name, {
      dtype: 'F32',
      shape,
      data: Float32Array.from({ length: size }, () => (shape.length === 1 ? 1 : deviation * random.normal())),
    });
  }
  return { config, kind: 'POLICY', weights, tokenizerJson: tinyTokenizer };
}
