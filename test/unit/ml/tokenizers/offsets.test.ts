import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { llama2cTokenizerJson } from '#lib/ml/tokenizers/llama2c-tokenizer';
import { loadTokenizer, type Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import { tokenizerJsonOfFile } from '#lib/ml/tokenizers/tokenizer-files';
import { trainBytePairTokenizer } from '#lib/ml/tokenizers/train-byte-pair';
import { tinyConfig, tinyPieces } from '../../../support/tiny-llama';

const folder = path.resolve(import.meta.dirname, '../../../fixtures/tokenizers');
const fixture = (file: string) => loadTokenizer(tokenizerJsonOfFile(readFileSync(path.join(folder, file)), file), file);
const ownJson = trainBytePairTokenizer({ texts: ['the cats sat on the mats'], vocabularySize: 280, specialTokens: ['<end>'] });
const changed = (change: object) => loadTokenizer(JSON.stringify({ ...JSON.parse(ownJson), ...change }), 'changed');

const tokenizers: Readonly<Record<string, Tokenizer>> = {
  'byte level': loadTokenizer(ownJson, 'own'),
  'byte level, NFC': changed({ normalizer: { type: 'NFC' } }),
  'byte level, NFKD in lower case': changed({ normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKD' }, { type: 'Lowercase' }] } }),
  'byte fallback': loadTokenizer(llama2cTokenizerJson(tinyPieces(), 'tiny.bin'), 'tiny', tinyConfig),
  'SentencePiece byte pairs': fixture('byte-pairs.model'),
  'SentencePiece unigram': fixture('unigram.model'),
};

/** Letters, blanks, marks, emoji with joiners, Hangul in parts, compatibility forms, and any other character. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'the',
        'cats',
        ' ',
        '  ',
        '\n',
        '\t',
        'e\u0301',
        'o\u0323\u0302',
        '\u00e9',
        '\ud83d\ude00',
        '\ud83d\udc68\u200d\ud83d\udc69',
        '\u1112\u1161\u11ab',
        '\ufb01',
        '\u2460',
        '<end>',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('offsets', () => {
  test.each(Object.entries(tokenizers))('%s: ordered, inside of the text, and all of it', (_, tokenizer) => {
    fc.assert(
      fc.property(texts, (text) => {
        const { ids, offsets } = tokenizer.encodeWithOffsets(text);
        expect(ids).toEqual(tokenizer.encode(text));
        expect(offsets.length).toBe(ids.length);
        let covered = 0;
        let last = 0;
        for (const [start, end] of offsets) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThanOrEqual(start);
          // nothing between this token and those before it was left out
          expect(start).toBeLessThanOrEqual(covered);
          covered = Math.max(covered, end);
          last = start;
        }
        expect(covered).toBe(text.length);
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  test('bytes of one character share its range', () => {
    const { ids, offsets } = tokenizers['byte level']!.encodeWithOffsets('a \ud83d\ude00!');
    expect(ids.length).toBe(7);
    expect(offsets).toEqual([
      [0, 1],
      [1, 2],
      [2, 4],
      [2, 4],
      [2, 4],
      [2, 4],
      [4, 5],
    ]);
    // three special pieces, then the bytes
    const fallback = tokenizers['byte fallback']!.encodeWithOffsets('the\u00e9');
    expect(fallback.ids.slice(1)).toEqual([0xc3 + 3, 0xa9 + 3]);
    expect(fallback.offsets).toEqual([
      [0, 3],
      [3, 4],
      [3, 4],
    ]);
  });

  test('a composed character has the range of its parts, an inserted blank an empty one', () => {
    expect(tokenizers['byte level, NFC']!.encodeWithOffsets('xe\u0301y').offsets).toEqual([
      [0, 1],
      [1, 3],
      [1, 3],
      [3, 4],
    ]);
    const { ids, offsets } = tokenizers['byte fallback']!.encodeWithOffsets('he', { bos: true });
    expect(ids.map((id) => tokenizers['byte fallback']!.pieceOf(id))).toEqual(['<s>', '\u2581', 'he']);
    expect(offsets).toEqual([
      [0, 0],
      [0, 0],
      [0, 2],
    ]);
  });

  test('words of normalised text keep their places', () => {
    const text = 'THE \ufb01 cats';
    const { ids, offsets } = tokenizers['byte level, NFKD in lower case']!.encodeWithOffsets(text);
    const placed = ids.map((id, index) => [tokenizers['byte level']!.pieceOf(id), text.slice(...offsets[index]!)]);
    expect(placed).toEqual([
      ['the', 'THE'],
      ['\u0120', ' '],
      ['f', '\ufb01'],
      ['i', '\ufb01'],
      ['\u0120cats', ' cats'],
    ]);
  });
});
