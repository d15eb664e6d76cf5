import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type GgufValue, readGgufMetadata } from './gguf';

const data = process.env.PLUMBLINE_TEST_DATA;
const folder = data ? join(data, 'tokenizers') : undefined;

/** Undefined where PLUMBLINE_TEST_DATA names no folder with the real vocabularies and their vectors. */
export const tokenizersFolder = folder && existsSync(join(folder, 'llama.cpp-vectors')) ? folder : undefined;

export interface VectorCase {
  readonly text: string;
  readonly ids: readonly number[];
}

export function readTokenizerData(file: string): Buffer {
  if (!tokenizersFolder) throw new Error('needs the tokenizers folder of PLUMBLINE_TEST_DATA');
  const bytes = readFileSync(join(tokenizersFolder, file));
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** What real tokenizers give for 46 texts, by the name of the vocabulary. */
export function readVectors(): Map<string, readonly VectorCase[]> {
  const all = JSON.parse(readTokenizerData('llama.cpp-vectors/vectors.json.gz').toString('utf8')) as {
    vocab: string;
    cases: VectorCase[];
  }[];
  return new Map(all.map(({ vocab, cases }) => [vocab, cases]));
}

const byteLevel = (useRegex: boolean) => ({ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: useRegex });
const split = (pattern: string) => ({ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false });
const digits = (individual: boolean) => ({ type: 'Digits', individual_digits: individual });
const inOrder = (...pretokenizers: object[]) => ({ type: 'Sequence', pretokenizers });
const ideographs = '[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+';

/** The normalizer and pre-tokenizer that each vocabulary's makers published in their tokenizer.json. */
const byteLevelModels: Readonly<Record<string, { normalizer: object | null; pre_tokenizer: object }>> = {
  'gpt-2': { normalizer: null, pre_tokenizer: byteLevel(true) },
  'gpt-neox': { normalizer: { type: 'NFC' }, pre_tokenizer: byteLevel(true) },
  mpt: { normalizer: { type: 'NFC' }, pre_tokenizer: byteLevel(true) },
  starcoder: { normalizer: null, pre_tokenizer: inOrder(digits(true), byteLevel(true)) },
  refact: { normalizer: null, pre_tokenizer: inOrder(digits(true), byteLevel(true)) },
  falcon: {
    normalizer: null,
    pre_tokenizer: inOrder({ type: 'Punctuation', behavior: 'Contiguous' }, byteLevel(true), digits(false), split('[0-9][0-9][0-9]')),
  },
  'deepseek-coder': {
    normalizer: null,
    pre_tokenizer: inOrder(split('[\r\n]'), split('\\s?\\p{L}+'), split('\\s?\\p{P}+'), split(ideographs), digits(true), byteLevel(false)),
  },
  'deepseek-llm': {
    normalizer: null,
    pre_tokenizer: inOrder(
      split('[\r\n]'),
      // the published class lists the cased letters one range after the other
      split('\\s?[\\p{Lu}\\p{Ll}\\p{Lt}]+'),
      split('\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+'),
      split('\\s+$'),
      split(ideographs),
      digits(false),
      byteLevel(false),
    ),
  },
};

function readVocabulary(name: string) {
  const metadata = readGgufMetadata(readTokenizerData(`gguf-vocab/ggml-vocab-${name}.gguf.gz`));
  const list = <T extends GgufValue>(key: string) => (metadata.get(`tokenizer.ggml.${key}`) ?? []) as readonly T[];
  return {
    tokens: list<string>('tokens'),
    /** 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte. */
    types: list<number>('token_type'),
    scores: list<number>('scores'),
    merges: list<string>('merges'),
  };
}

const addedToken = (id: number, content: string, special: boolean) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special,
});

/** tokenizer.json of a byte-level BPE vocabulary kept as GGUF. */
export function byteLevelTokenizerJson(name: string): string {
  const parts = byteLevelModels[name];
  if (!parts) throw new Error(`${name} is no byte-level vocabulary`);
  const { tokens, types, merges } = readVocabulary(name);
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens.flatMap((content, id) => (types[id] === 3 || types[id] === 4 ? [addedToken(id, content, types[id] === 3)] : [])),
    normalizer: parts.normalizer,
    pre_tokenizer: parts.pre_tokenizer,
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges },
  });
}

/** tokenizer.json of GPT-2's own two files. */
export function gpt2TokenizerJson(): string {
  const vocab = JSON.parse(readTokenizerData('gpt2/encoder.json.gz').toString('utf8')) as Record<string, number>;
  const merges = readTokenizerData('gpt2/vocab.bpe.gz').toString('utf8').trimEnd().split('\n').slice(1);
  const endOfText = vocab['<|endoftext|>'] as number;
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [addedToken(endOfText, '<|endoftext|>', true)],
    normalizer: null,
    pre_tokenizer: byteLevel(true),
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges },
  });
}

/** Pieces of a SentencePiece BPE vocabulary kept as GGUF. */
export function sentencePieceVocabulary(name: string) {
  return readVocabulary(name);
}

/** tokenizer.json of the BERT vocabulary kept as GGUF: GGUF marks the start of a word, WordPiece its continuation. */
export function wordPieceTokenizerJson(name: string): string {
  const { tokens, types } = readVocabulary(name);
  const vocab = Object.fromEntries(
    tokens.map((token, id) => [types[id] === 1 ? (token.startsWith('\u2581') ? token.slice(1) : `##${token}`) : token, id]),
  );
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens.flatMap((content, id) => (types[id] === 3 ? [addedToken(id, content, true)] : [])),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab },
  });
}
