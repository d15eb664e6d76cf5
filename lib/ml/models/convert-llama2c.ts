import { type Llama2cWeights, parseLlama2cTokenizer, parseLlama2cWeights } from '#lib/formats/llama2c';
import type { TensorData } from '#lib/formats/safetensors';
import { llama2cTokenizerJson } from '#lib/ml/tokenizers/llama2c-tokenizer';
import { checkWeights, type ModelFiles } from './hugging-face';
import type { LlamaConfig } from './llama-config';

/**
 * Rows of a query or key projection from interleaved rotary pairs (2i, 2i+1) to half-split pairs (i, i + size/2), head by head:
 * `[heads * headSize, width]`.
 */
function toHalfSplit(rows: Float32Array, heads: number, headSize: number, width: number): Float32Array {
  const out = new Float32Array(rows.length);
  const half = headSize / 2;
  for (let head = 0; head < heads; head += 1) {
    for (let index = 0; index < headSize; index += 1) {
      const from = head * headSize + (index < half ? 2 * index : 2 * (index - half) + 1);
      out.set(rows.subarray(from * width, (from + 1) * width), (head * headSize + index) * width);
    }
  }
  return out;
}

function convertWeights(source: Llama2cWeights): Map<string, TensorData> {
  const { dim: d, hiddenDim: f, heads, keyValueHeads, vocabularySize, tensors } = source;
  const headSize = d / heads;
  const keyValueDim = keyValueHeads * headSize;
  const weights = new Map<string, TensorData>();
  const put = (name: string, shape: readonly number[], data: Float32Array) => weights.set(name, { dtype: 'F32', shape, data });
  const layerOf = (all: Float32Array, layer: number, size: number) => all.slice(layer * size, (layer + 1) * size);
  put('model.embed_tokens.weight', [vocabularySize, d], tensors.tokenEmbedding);
  for (let layer = 0; layer < source.layers; layer += 1) {
    const name = (part: string) => `model.layers.${layer}.${part}.weight`;
    put(name('input_layernorm'), [d], layerOf(tensors.rmsAttention, layer, d));
    put(name('self_attn.q_proj'), [d, d], toHalfSplit(layerOf(tensors.wq, layer, d * d), heads, headSize, d));
    put(name('self_attn.k_proj'), [keyValueDim, d], toHalfSplit(layerOf(tensors.wk, layer, keyValueDim * d), keyValueHeads, headSize, d));
    put(name('self_attn.v_proj'), [keyValueDim, d], layerOf(tensors.wv, layer, keyValueDim * d));
    put(name('self_attn.o_proj'), [d, d], layerOf(tensors.wo, layer, d * d));
    put(name('post_attention_layernorm'), [d], layerOf(tensors.rmsFeedForward, layer, d));
    put(name('mlp.gate_proj'), [f, d], layerOf(tensors.w1, layer, f * d));
    put(name('mlp.up_proj'), [f, d], layerOf(tensors.w3, layer, f * d));
    put(name('mlp.down_proj'), [d, f], layerOf(tensors.w2, layer, d * f));
  }
  put('model.norm.weight', [d], tensors.rmsFinal);
  if (!source.tied) put('lm_head.weight', [vocabularySize, d], tensors.classifier);
  return weights;
}

/** A llama2.c checkpoint and its tokenizer as a Hugging Face model. Throws BAD_INPUT naming the file. */
export function convertLlama2c(input: {
  weights: Uint8Array;
  tokenizer: Uint8Array;
  weightsSource: string;
  tokenizerSource: string;
}): ModelFiles {
  const source = parseLlama2cWeights(input.weights, input.weightsSource);
  const pieces = parseLlama2cTokenizer(input.tokenizer, source.vocabularySize, input.tokenizerSource);
  const config: LlamaConfig = {
    family: 'llama',
    modelType: 'llama',
    vocabSize: source.vocabularySize,
    hiddenSize: source.dim,
    intermediateSize: source.hiddenDim,
    layers: source.layers,
    heads: source.heads,
    keyValueHeads: source.keyValueHeads,
    headSize: source.dim / source.heads,
    contextLength: source.contextLength,
    rope: { theta: 10_000, scaling: null },
    normEpsilon: 1e-5,
    biases: { attention: false, output: false, mlp: false },
    qkNorm: false,
    slidingWindow: null,
    tiedEmbeddings: source.tied,
    bosTokenId: 1,
    // llama2.c trains on texts that BOS alone separates, and stops at it
    eosTokenId: 1,
    stopTokenIds: [1, 2],
    padTokenId: 0,
  };
  const weights = checkWeights(convertWeights(source), config, 'POLICY', input.weightsSource);
  return { config, kind: 'POLICY', weights, tokenizerJson: llama2cTokenizerJson(pieces, input.tokenizerSource) };
}
