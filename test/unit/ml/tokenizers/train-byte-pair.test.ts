import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { trainBytePairTokenizer } from '#lib/ml/tokenizers/train-byte-pair';

const data = process.env.PLUMBLINE_TEST_DATA ? join(process.env.PLUMBLINE_TEST_DATA, 'bpe-training') : undefined;
const folder = data && existsSync(join(data, 'corpus.en.gz')) ? data : undefined;

interface Written {
  readonly model: { readonly vocab: Record<string, number>; readonly merges: readonly [string, string][] };
}

const mergesOf = (json: string) => (JSON.parse(json) as Written).model.merges.map((pair) => pair.join('+'));

describe('byte-pair training', () => {
  test('merges the most frequent pair first, of equals the one with the greater bytes', () => {
    // 'ab' stands 4 times, then ab+c 3 times; ' x' and ' y' stand twice each: 'y' > 'x', and ' ' is the same byte
    const json = trainBytePairTokenizer({
      texts: ['abc', 'abc', 'abc', 'ab', 'a y', 'a y', 'a x', 'a x'],
      vocabularySize: 260,
      specialTokens: [],
    });
    expect(mergesOf(json)).toEqual(['a+b', 'ab+c', '\u0120+y', '\u0120+x']);
    const { vocab } = (JSON.parse(json) as Written).model;
    expect([vocab['!'], vocab.ab, vocab.abc, vocab['\u0120y'], vocab['\u0120x']]).toEqual([0, 256, 257, 258, 259]);
  });

  test('of equal pairs the first parts are compared first', () => {
    const json = trainBytePairTokenizer({ texts: ['az', 'by', 'ca'], vocabularySize: 259, specialTokens: [] });
    expect(mergesOf(json)).toEqual(['c+a', 'b+y', 'a+z']);
  });

  test('counts overlapping pairs as they are merged, from the left', () => {
    // aaaaa: 4 pairs a+a, merged to aa aa a; the next merge has aa+aa and aa+a once each: (aa, aa) is greater
    const json = trainBytePairTokenizer({ texts: ['aaaaa'], vocabularySize: 259, specialTokens: [] });
    expect(mergesOf(json)).toEqual(['a+a', 'aa+aa', 'aaaa+a']);
  });

  test('keeps special tokens whole and apart', () => {
    const json = trainBytePairTokenizer({ texts: ['go<end>go<end>go'], vocabularySize: 300, specialTokens: ['<end>', '<pad>'] });
    expect(mergesOf(json)).toEqual(['g+o']);
    const tokenizer = loadTokenizer(json, 'own');
    expect(tokenizer.vocabularySize).toBe(259);
    expect(tokenizer.encode('go<end>go')).toEqual([258, 0, 258]);
    expect(tokenizer.decode([258, 0, 258])).toBe('gogo');
    expect(tokenizer.decode([258, 0, 258], { skipSpecial: false })).toBe('go<end>go');
  });

  test('any text comes back as it was', () => {
    const tokenizer = loadTokenizer(
      trainBytePairTokenizer({ texts: ['some words'], vocabularySize: 270, specialTokens: ['<end>'] }),
      'own',
    );
    for (const text of ['words some', '\u00e9\u0301 \ud83d\ude00\n\t', '\u6c34\u706b  ', '\ufeffx'])
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  test('refuses settings that make no sense', () => {
    const train = (change: object) => trainBytePairTokenizer({ texts: ['a b'], vocabularySize: 300, specialTokens: ['<end>'], ...change });
    expect(() => train({ vocabularySize: 256 })).toThrow(/256 bytes and 1 special tokens need 257/);
    expect(() => train({ specialTokens: ['<end>', '<end>'] })).toThrow(/"<end>" is empty or stands twice/);
    expect(() => train({ texts: ['', '<end>'] })).toThrow(/nothing to learn from/);
  });
});

describe.skipIf(!folder)('reference training (needs the bpe-training folder of PLUMBLINE_TEST_DATA)', () => {
  const read = (file: string) => readFileSync(join(folder!, file));

  test('243 of 243 merges in order, and the same vocabulary', () => {
    const corpus = gunzipSync(read('corpus.en.gz')).toString('utf8');
    const started = performance.now();
    const json = trainBytePairTokenizer({ texts: [corpus], vocabularySize: 500, specialTokens: ['<|endoftext|>'] });
    const seconds = (performance.now() - started) / 1000;
    const reference = read('reference-merges.txt').toString('utf8').trimEnd().split('\n');
    expect(reference.length).toBe(243);
    const { merges, vocab } = (JSON.parse(json) as Written).model;
    expect(merges.map((pair) => pair.join(' '))).toEqual(reference);
    expect(vocab).toEqual(JSON.parse(read('reference-vocab.json').toString('utf8')));
    expect(seconds).toBeLessThan(1.5);
    console.info(`243 merges in ${seconds.toFixed(2)} s`);
    expect(trainBytePairTokenizer({ texts: [corpus], vocabularySize: 500, specialTokens: ['<|endoftext|>'] })).toBe(json);
  });
});
