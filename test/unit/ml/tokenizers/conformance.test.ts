import { describe, expect, test } from 'vitest';
import { pieceTokenizerJson } from '#lib/ml/tokenizers/scored-pieces';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { tokenizerJsonOfFile } from '#lib/ml/tokenizers/tokenizer-files';
import {
  byteLevelTokenizerJson,
  gpt2TokenizerJson,
  readTokenizerData,
  readVectors,
  sentencePieceVocabulary,
  tokenizersFolder,
  wordPieceTokenizerJson,
} from '../../../support/vocabularies';

const kinds = ['normal', 'normal', 'unknown', 'control', 'user-defined', 'unused', 'byte'] as const;

/** tokenizer.json of a SentencePiece vocabulary that is kept as GGUF. */
function piecesTokenizerJson(name: string): string {
  const { tokens, types, scores } = sentencePieceVocabulary(name);
  return pieceTokenizerJson({
    type: 'bpe',
    pieces: tokens.map((text, id) => ({ text, score: scores[id]!, kind: kinds[types[id]!]! })),
    byteFallback: true,
    unkId: 0,
    bosId: 1,
    addDummyPrefix: true,
    removeExtraWhitespaces: false,
    precompiledCharsmap: new Uint8Array(),
  });
}

const fileJson = (file: string) => tokenizerJsonOfFile(readTokenizerData(`llama2/${file}.gz`), file);

/** The vectors, and the vocabularies that they apply to. */
const applies: readonly (readonly [vectors: string, source: string, json: () => string])[] = [
  ['gpt-2', "GPT-2's own files", gpt2TokenizerJson],
  ['gpt-2', 'GGUF', () => byteLevelTokenizerJson('gpt-2')],
  ['llama-spm', 'SentencePiece tokenizer.model', () => fileJson('tokenizer.model')],
  ['llama-spm', 'llama2.c tokenizer.bin', () => fileJson('tokenizer.bin')],
  ['llama-spm', 'GGUF', () => piecesTokenizerJson('llama-spm')],
  ['phi-3', 'GGUF', () => piecesTokenizerJson('phi-3')],
  ['mpt', 'GGUF', () => byteLevelTokenizerJson('mpt')],
  ['starcoder', 'GGUF', () => byteLevelTokenizerJson('starcoder')],
  ['refact', 'GGUF', () => byteLevelTokenizerJson('refact')],
  ['falcon', 'GGUF', () => byteLevelTokenizerJson('falcon')],
  ['deepseek-coder', 'GGUF', () => byteLevelTokenizerJson('deepseek-coder')],
  ['deepseek-llm', 'GGUF', () => byteLevelTokenizerJson('deepseek-llm')],
  ['bert-bge', 'GGUF', () => wordPieceTokenizerJson('bert-bge')],
];

const noVocabulary = 'the data holds no vocabulary of it: its GGUF file is larger than what was kept';

/** Vectors that cannot be held against anything here, with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  chameleon: noVocabulary,
  'command-r': noVocabulary,
  'deepseek-r1-qwen': noVocabulary,
  'gpt-4o': noVocabulary,
  'llama-bpe': noVocabulary,
  llama4: noVocabulary,
  pixtral: noVocabulary,
  qwen2: noVocabulary,
  'roberta-bpe': noVocabulary,
};

/** Vocabularies without vectors: their texts have to come back as they were. */
const withoutVectors: Readonly<Record<string, () => string>> = {
  baichuan: () => piecesTokenizerJson('baichuan'),
  'gpt-neox': () => byteLevelTokenizerJson('gpt-neox'),
};

describe.skipIf(!tokenizersFolder)('real vocabularies (needs the tokenizers folder of PLUMBLINE_TEST_DATA)', () => {
  test('every set of vectors is run or excepted', () => {
    expect(new Set([...applies.map(([vectors]) => vectors), ...Object.keys(exceptions)])).toEqual(new Set(readVectors().keys()));
  });

  test.each(applies)('%s from %s: 46 of 46', (vectors, source, json) => {
    const tokenizer = loadTokenizer(json(), source);
    const cases = readVectors().get(vectors)!;
    expect(cases.length).toBe(46);
    for (const { text, ids } of cases) {
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.encodeWithOffsets(text).ids, JSON.stringify(text)).toEqual(ids);
      // BERT's vocabulary has neither case nor blanks
      if (vectors !== 'bert-bge') expect(tokenizer.decode(ids), JSON.stringify(text)).toBe(text);
    }
  });

  test.each(Object.entries(withoutVectors))('%s: texts come back as they were', (name, json) => {
    const tokenizer = loadTokenizer(json(), name);
    for (const { text } of readVectors().get('gpt-2')!) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text.normalize('NFC'));
  });

  test('the tokenizer.json of a published model', () => {
    const tokenizer = loadTokenizer(readTokenizerData('hf-tiny-bytelevel/tokenizer.json').toString('utf8'), 'tokenizer.json');
    expect(tokenizer.vocabularySize).toBe(783);
    expect(tokenizer.encode('<|prompter|>Cafe\u0301<|endoftext|>')).toEqual([2, ...tokenizer.encode('Caf\u00e9'), 0]);
    for (const { text } of readVectors().get('gpt-2')!) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text.normalize('NFC'));
  });

  test('a long text takes time in proportion: a megabyte in one word, too', () => {
    const tokenizer = loadTokenizer(fileJson('tokenizer.model'), 'tokenizer.model');
    const text = 'A word and another, 123 times; \u00e9t\u00e9 \ud83d\ude00.\n'.repeat(25_000);
    const started = performance.now();
    const ids = tokenizer.encode(text);
    const seconds = (performance.now() - started) / 1000;
    console.info(`${text.length} characters to ${ids.length} tokens in ${seconds.toFixed(2)} s`);
    expect(tokenizer.decode(ids)).toBe(text);
    // comparing each of a million symbols with all others would take hours
    expect(seconds).toBeLessThan(20);
  });
});
