import { AppError } from '#lib/errors';
import { type Llama2cPiece, type Llama2cWeights, parseLlama2cTokenizer, parseLlama2cWeights } from '#lib/formats/llama2c';
import type { TensorData } from '#lib/formats/safetensors';
import { checkWeights, type ModelFiles } from './hugging-face';
import type { LlamaConfig } from './llama-config';

const firstBytePiece = 3;
const firstOrdinaryPiece = 259;

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

/** Special pieces lose the line breaks that llama2.c writes around them; a space is written as U+2581, as SentencePiece does. */
function pieceTexts(pieces: readonly Llama2cPiece[], source: string): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return pieces.map((piece, id) => {
    try {
      const text = decoder.decode(piece.bytes);
      return id < firstBytePiece ? text.trim() : text.replaceAll(' ', '\u2581');
    } catch {
      throw new AppError('BAD_INPUT', `${source}: piece ${id} is not UTF-8.`, { details: { file: source, piece: id } });
    }
  });
}

/** Every way to join two pieces into a third, the best score first: merging by rank is then what llama2.c does by score. */
function deriveMerges(texts: readonly string[], pieces: readonly Llama2cPiece[]): [string, string][] {
  const ids = new Map(texts.map((text, id) => [text, id]));
  const merges: { left: string; right: string; score: number; leftId: number; rightId: number }[] = [];
  for (let id = firstOrdinaryPiece; id < texts.length; id += 1) {
    const characters = Array.from(texts[id] ?? '');
    for (let cut = 1; cut < characters.length; cut += 1) {
      const left = characters.slice(0, cut).join('');
      const right = characters.slice(cut).join('');
      const leftId = ids.get(left);
      const rightId = ids.get(right);
      if (leftId === undefined || rightId === undefined) continue;
      merges.push({ left, right, score: pieces[id]?.score ?? 0, leftId, rightId });
    }
  }
  merges.sort((a, b) => b.score - a.score || a.leftId - b.leftId || a.rightId - b.rightId);
  return merges.map(({ left, right }) => [left, right]);
}

/** tokenizer.json: byte-pair encoding with byte fallback, a space put before the text and taken away after decoding. */
export function llama2cTokenizerJson(pieces: readonly Llama2cPiece[], source: string): string {
  const texts = pieceTexts(pieces, source);
  const expected = ['<unk>', '<s>', '</s>', '<0x00>'];
  expected.forEach((text, id) => {
    if (texts[id] === text) return;
    throw new AppError('BAD_INPUT', `${source}: piece ${id} is ${JSON.stringify(texts[id])}, expected ${text}: not a llama2.c tokenizer.`, {
      details: { file: source, piece: id },
    });
  });
  const special = [0, 1, 2].map((id) => ({
    id,
    content: texts[id],
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const begin = texts[1] ?? '';
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special,
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '\u2581' },
        { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: begin, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [
        { SpecialToken: { id: begin, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: begin, type_id: 1 } },
        { Sequence: { id: 'B', type_id: 1 } },
      ],
      special_tokens: { [begin]: { id: begin, ids: [1], tokens: [begin] } },
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: texts[0],
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(texts.map((text, id) => [text, id])),
      merges: deriveMerges(texts, pieces),
    },
  };
  return `${JSON.stringify(json, null, 1)}\n`;
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
    ropeTheta: 10_000,
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
