import { describe, expect, test } from 'vitest';
import { llama2cTokenizerJson } from '#lib/ml/tokenizers/llama2c-tokenizer';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { goldenCases, readStories, storiesFolder, storiesModel } from '../../../support/stories260k';
import { tinyConfig, tinyPieces } from '../../../support/tiny-llama';

describe('tokenizer made from llama2.c pieces', () => {
  const tokenizer = loadTokenizer(llama2cTokenizerJson(tinyPieces(), 'tiny.bin'), 'tiny', tinyConfig);
  const id = (piece: string) => 259 + [' t', 'he', ' the', ' c', 'at', ' cat', ' ', 't', 'h', 'e', 'c', 'a', 's', '.'].indexOf(piece);

  test('merges by score, puts a space first, falls back to bytes', () => {
    expect(tokenizer.encode('the cats.')).toEqual([id(' the'), id(' cat'), id('s'), id('.')]);
    expect(tokenizer.encode('the', { bos: true })).toEqual([1, id(' the')]);
    // U+00E9 is not in the vocabulary: its two bytes, each three ids after the byte
    expect(tokenizer.encode('\u00e9')).toEqual([id(' '), 0xc3 + 3, 0xa9 + 3]);
    expect(tokenizer.encode('')).toEqual([]);
    expect(tokenizer.encode('', { bos: true })).toEqual([1]);
  });

  test('decodes to the text, without special tokens unless asked', () => {
    for (const text of ['the cats.', 'caf\u00e9 \ud83d\ude42', ' two  spaces ', 'a\nb'])
      expect(tokenizer.decode(tokenizer.encode(text, { bos: true }))).toBe(text);
    expect(tokenizer.decode([1, id(' the'), 2])).toBe('the');
    expect(tokenizer.decode([1, id(' the'), 2], { skipSpecial: false })).toContain('</s>');
    expect(tokenizer.decode([])).toBe('');
  });

  test('knows its special tokens', () => {
    expect(tokenizer).toMatchObject({ vocabularySize: 273, bosId: 1, eosId: 2, padId: 0 });
    expect(tokenizer.pieceOf(1)).toBe('<s>');
  });

  test('refuses pieces of another kind of tokenizer', () => {
    expect(() => llama2cTokenizerJson(tinyPieces().slice(1), 'tiny.bin')).toThrow(/tiny\.bin: piece 0 is "<s>", expected <unk>/);
  });
});

describe.skipIf(!storiesFolder)('stories260k tokenizer (needs PLUMBLINE_TEST_DATA)', () => {
  test('golden token ids', () => {
    const files = storiesModel();
    const tokenizer = loadTokenizer(files.tokenizerJson, 'tok512', files.config);
    const cases = goldenCases();
    expect(cases.length).toBe(7);
    for (const golden of cases) {
      expect(tokenizer.encode(golden.prompt, { bos: true })).toEqual(golden.prompt_token_ids);
      expect(tokenizer.decode([...golden.greedy_token_ids])).toBe(golden.greedy_text);
    }
  });

  test('real stories come back as they were', () => {
    const files = storiesModel();
    const tokenizer = loadTokenizer(files.tokenizerJson, 'tok512', files.config);
    const { stories } = JSON.parse(readStories('story_nll.json').toString('utf8')) as { stories: { text: string; tokens: number }[] };
    for (const story of stories) {
      const ids = tokenizer.encode(story.text, { bos: true });
      expect(ids.length).toBe(story.tokens);
      expect(tokenizer.decode(ids)).toBe(story.text);
    }
  });
});
