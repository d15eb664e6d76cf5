import { describe, expect, test } from 'vitest';
import { AppError } from '#lib/errors';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { parseTokenizerConfig } from '#lib/ml/tokenizers/tokenizer-config';
import { tokenizerJsonOfFile } from '#lib/ml/tokenizers/tokenizer-files';

const model = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: [['a', 'b']] };
const write = (change: object) =>
  JSON.stringify({ added_tokens: [], normalizer: null, pre_tokenizer: null, decoder: null, model, ...change });

function failure(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return error as AppError;
  }
  throw new Error('nothing was thrown');
}

describe('a tokenizer.json that cannot be run', () => {
  test.each<[string, string, RegExp]>([
    ['no JSON', '{"model": ', /the file is not JSON/],
    ['another file', '{"vocab_size": 3}', /model is missing or not as expected: this is no tokenizer\.json/],
    ['an unknown model', write({ model: { ...model, type: 'Neural' } }), /the model is "Neural"; BPE, Unigram and WordPiece are known/],
    ['no merges', write({ model: { type: 'BPE', vocab: {} } }), /model\.merges is missing/],
    [
      'a merge of a piece that is not there',
      write({ model: { ...model, merges: ['a c'] } }),
      /merge 0 names "c", which is not in the vocabulary/,
    ],
    ['a merge of three pieces', write({ model: { ...model, merges: ['a b c'] } }), /merge 0 is "a b c", expected two pieces/],
    ['an id that is none', write({ model: { ...model, vocab: { a: -1 } } }), /the id of "a" is -1/],
    ['dropout', write({ model: { ...model, dropout: 0.1 } }), /model\.dropout is 0\.1/],
    ['an unknown normalizer', write({ normalizer: { type: 'Rot13' } }), /the normalizer is "Rot13", which is not known/],
    ['an unknown pre-tokenizer', write({ pre_tokenizer: { type: 'Lines' } }), /the pre-tokenizer is "Lines", which is not known/],
    [
      'an unknown part of a sequence',
      write({ pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits' }, { type: 'Lines' }] } }),
      /the pre-tokenizer is "Lines"/,
    ],
    ['an unknown decoder', write({ decoder: { type: 'Morse' } }), /the decoder is "Morse", which is not known/],
    ['an unknown post-processor', write({ post_processor: { type: 'Wrap' } }), /the post-processor is "Wrap"/],
    [
      'a pattern that is none',
      write({ pre_tokenizer: { type: 'Split', pattern: { Regex: '(a' }, behavior: 'Isolated' } }),
      /the pattern .*\(a.* cannot be run/,
    ],
    [
      'a cut character map',
      write({ normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAQ=' } }),
      /character map is cut off or broken/,
    ],
  ])('%s', (_, text, message) => {
    const error = failure(() => loadTokenizer(text, 'm/tokenizer.json'));
    expect(error).toMatchObject({ code: 'BAD_INPUT', details: { file: 'm/tokenizer.json' } });
    expect(error.message).toMatch(message);
    expect(error.message.startsWith('m/tokenizer.json: ')).toBe(true);
  });

  test('a llama2.c file that is cut off', () => {
    expect(failure(() => tokenizerJsonOfFile(Uint8Array.of(1, 0), 't.bin')).message).toMatch(/t\.bin: the file has 2 bytes/);
    const error = failure(() => tokenizerJsonOfFile(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 1, 0), 't.bin'));
    expect(error.message).toMatch(/t\.bin: the file ends after 0 pieces, but the next one is cut off/);
  });
});

describe('added tokens', () => {
  const token = (id: number, content: string, change: object = {}) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: false,
    ...change,
  });
  const load = (...tokens: object[]) => loadTokenizer(write({ added_tokens: tokens }), 'added');

  test('the longest goes first, and takes the blanks that it wants', () => {
    const tokenizer = load(token(3, '<x>'), token(4, '<x>y'), token(5, '<l>', { lstrip: true }), token(6, '<r>', { rstrip: true }));
    expect(tokenizer.encode('ab<x>y<x>')).toEqual([2, 4, 3]);
    const { ids, offsets } = tokenizer.encodeWithOffsets('ab  <l>a<r> \n b');
    expect(ids).toEqual([2, 5, 0, 6, 1]);
    expect(offsets).toEqual([
      [0, 2],
      [2, 7],
      [7, 8],
      [8, 14],
      [14, 15],
    ]);
  });

  test('a single word stands alone', () => {
    const tokenizer = load(token(3, 'ab', { single_word: true }));
    expect(tokenizer.encode('ab.ab')).toEqual([3, 3]);
    expect(tokenizer.encode('abb')).toEqual([2, 1]);
    expect(tokenizer.encode('\u00e9ab')).toEqual([2]);
  });

  test('special ones are left out of text unless asked for, unknown ids always', () => {
    const tokenizer = load(token(3, '<s>', { special: true }), token(4, '<u>'));
    expect(tokenizer.decode([3, 2, 4, 99])).toBe('ab <u>');
    expect(tokenizer.decode([3, 2, 4], { skipSpecial: false })).toBe('<s> ab <u>');
    expect(tokenizer.pieceOf(99)).toBeUndefined();
  });

  test('the post-processor says what stands around a text', () => {
    const tokenizer = loadTokenizer(
      write({
        added_tokens: [token(3, '<s>', { special: true }), token(4, '</s>', { special: true })],
        post_processor: {
          type: 'TemplateProcessing',
          single: [
            { SpecialToken: { id: '<s>', type_id: 0 } },
            { Sequence: { id: 'A', type_id: 0 } },
            { SpecialToken: { id: '</s>', type_id: 0 } },
          ],
          special_tokens: { '<s>': { ids: [3] }, '</s>': { ids: [4] } },
        },
      }),
      'around',
    );
    expect(tokenizer.encode('ab')).toEqual([2]);
    expect(tokenizer.encode('ab', { bos: true })).toEqual([3, 2]);
    expect(tokenizer.encode('ab', { surroundings: true })).toEqual([3, 2, 4]);
    expect(tokenizer.encodeWithOffsets('ab', { surroundings: true }).offsets).toEqual([
      [0, 0],
      [0, 2],
      [2, 2],
    ]);
  });
});

describe('tokenizer_config.json', () => {
  test('tokens as texts or objects, templates as one or several, the file of its own first', () => {
    const text = JSON.stringify({
      bos_token: '<s>',
      eos_token: { content: '</s>', lstrip: false, special: true },
      pad_token: null,
      additional_special_tokens: ['<a>', { content: '<b>' }],
      chat_template: [
        { name: 'default', template: 'D' },
        { name: 'tool_use', template: 'T' },
      ],
    });
    expect(parseTokenizerConfig(text, 'c')).toEqual({
      bosToken: '<s>',
      eosToken: '</s>',
      padToken: null,
      unkToken: null,
      additionalSpecialTokens: ['<a>', '<b>'],
      chatTemplates: { default: 'D', tool_use: 'T' },
      chatTemplate: 'D',
    });
    expect(parseTokenizerConfig(text, 'c', 'F').chatTemplate).toBe('F');
    expect(parseTokenizerConfig('{"chat_template": "X"}', 'c').chatTemplate).toBe('X');
    expect(parseTokenizerConfig('{}', 'c')).toMatchObject({ bosToken: null, chatTemplate: null, chatTemplates: {} });
  });

  test('refuses what it is not, by name', () => {
    expect(failure(() => parseTokenizerConfig('{', 'c.json')).message).toMatch(/^c\.json: the file is not JSON/);
    expect(failure(() => parseTokenizerConfig('{"bos_token": 3}', 'c.json')).message).toMatch(/^c\.json: bos_token is not as expected/);
    expect(failure(() => parseTokenizerConfig('{"chat_template": [{"name": "x"}]}', 'c.json')).message).toMatch(/^c\.json: chat_template/);
  });
});
