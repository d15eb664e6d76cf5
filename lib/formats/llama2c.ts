/**
 * The two binary files of karpathy/llama2.c, all little-endian.
 * Weights: 7 x int32 (dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len), then float32 tensors, row-major [out, in].
 * Tokenizer: int32 longest piece, then per piece float32 score, int32 byte length, bytes.
 */
import { AppError } from '#lib/errors';

export interface Llama2cWeights {
  readonly dim: number;
  readonly hiddenDim: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly vocabularySize: number;
  readonly contextLength: number;
  /** True where the output weights are the embedding. */
  readonly tied: boolean;
  /** By the names of llama2.c; one array per tensor, layers one after the other. */
  readonly tensors: Readonly<Record<Llama2cTensor, Float32Array>>;
}

const llama2cTensors = [
  'tokenEmbedding',
  'rmsAttention',
  'wq',
  'wk',
  'wv',
  'wo',
  'rmsFeedForward',
  'w1',
  'w2',
  'w3',
  'rmsFinal',
  'classifier',
] as const;
type Llama2cTensor = (typeof llama2cTensors)[number];

export interface Llama2cPiece {
  readonly bytes: Uint8Array;
  readonly score: number;
}

function bad(source: string, message: string): AppError {
  return new AppError('BAD_INPUT', `${source}: ${message}.`, {
    details: { file: source },
    remedy: 'Give the files that llama2.c itself reads.',
  });
}

/** Throws BAD_INPUT where the header makes no sense or the file is too short or too long for it. */
export function parseLlama2cWeights(bytes: Uint8Array, source: string): Llama2cWeights {
  if (bytes.length < 28) throw bad(source, `the file has ${bytes.length} bytes; a llama2.c checkpoint starts with 28 bytes of header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) === 0x616b3432)
    throw bad(source, 'this is a version 1 or 2 checkpoint; only the first format ("legacy") is read');
  const number = (index: number) => view.getInt32(index * 4, true);
  const [dim, hiddenDim, layers, heads, keyValueHeads, signedVocabulary, contextLength] = [0, 1, 2, 3, 4, 5, 6].map(number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // a negative vocabulary size says that the output weights follow at the end
  const vocabularySize = Math.abs(signedVocabulary);
  const tied = signedVocabulary > 0;
  const fields = { dim, hiddenDim, layers, heads, keyValueHeads, vocabularySize, contextLength };
  for (const [name, value] of Object.entries(fields)) {
    if (value <= 0 || value > 2 ** 24) throw bad(source, `the header says ${name} = ${value}: not a llama2.c checkpoint`);
  }
  if (dim % heads !== 0 || heads % keyValueHeads !== 0 || (dim / heads) % 2 !== 0) {
    throw bad(source, `${heads} heads and ${keyValueHeads} key/value heads do not divide a width of ${dim}`);
  }
  const keyValueDim = (dim / heads) * keyValueHeads;
  const sizes: Readonly<Record<Llama2cTensor, number>> = {
    tokenEmbedding: vocabularySize * dim,
    rmsAttention: layers * dim,
    wq: layers * dim * dim,
    wk: layers * keyValueDim * dim,
    wv: layers * keyValueDim * dim,
    wo: layers * dim * dim,
    rmsFeedForward: layers * dim,
    w1: layers * hiddenDim * dim,
    w2: layers * dim * hiddenDim,
    w3: layers * hiddenDim * dim,
    rmsFinal: dim,
    classifier: tied ? 0 : vocabularySize * dim,
  };
  // two tables of rotary angles that nobody reads lie between rmsFinal and the output weights
  const rotary = contextLength * (dim / heads);
  const needed = 28 + 4 * (Object.values(sizes).reduce((a, b) => a + b, 0) + rotary);
  if (bytes.length !== needed) throw bad(source, `the header asks for ${needed} bytes, but the file has ${bytes.length}`);
  const values = new Float32Array(new Uint8Array(bytes.subarray(28)).buffer);
  let position = 0;
  const tensors = {} as Record<Llama2cTensor, Float32Array>;
  for (const name of llama2cTensors) {
    if (name === 'classifier') position += rotary;
    tensors[name] = values.slice(position, position + sizes[name]);
    position += sizes[name];
  }
  return { ...fields, tied, tensors };
}

/** Throws BAD_INPUT where the file does not hold exactly `vocabularySize` pieces, or where that is undefined, any number of whole ones. */
export function parseLlama2cTokenizer(bytes: Uint8Array, vocabularySize: number | undefined, source: string): Llama2cPiece[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Llama2cPiece[] = [];
  let position = 4;
  if (bytes.length < position) throw bad(source, `the file has ${bytes.length} bytes: not a llama2.c tokenizer`);
  while (vocabularySize === undefined ? position < bytes.length : pieces.length < vocabularySize) {
    if (position + 8 > bytes.length) {
      const wanted = vocabularySize === undefined ? 'the next one is cut off' : `the model has ${vocabularySize} tokens`;
      throw bad(source, `the file ends after ${pieces.length} pieces, but ${wanted}`);
    }
    const score = view.getFloat32(position, true);
    const length = view.getInt32(position + 4, true);
    position += 8;
    if (length < 0 || position + length > bytes.length || Number.isNaN(score))
      throw bad(source, `piece ${pieces.length} is broken: not a llama2.c tokenizer`);
    pieces.push({ bytes: new Uint8Array(bytes.subarray(position, position + length)), score });
    position += length;
  }
  if (position !== bytes.length)
    throw bad(
      source,
      `${bytes.length - position} bytes follow the last of the model's ${vocabularySize} pieces: the tokenizer is of another model`,
    );
  return pieces;
}
