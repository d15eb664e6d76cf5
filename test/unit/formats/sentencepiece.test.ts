import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSentencePieceModel } from '#lib/formats/sentencepiece';

const folder = path.resolve(import.meta.dirname, '../../fixtures/tokenizers');
const read = (file: string) => new Uint8Array(readFileSync(path.join(folder, file)));

/** A protocol buffer field with length and bytes. */
const field = (number: number, bytes: readonly number[]) => [number * 8 + 2, bytes.length, ...bytes];
const piece = (text: string, ...rest: number[]) => field(1, [...field(1, [...Buffer.from(text)]), ...rest]);
const model = (...parts: number[][]) => Uint8Array.from(parts.flat());

describe('SentencePiece model', () => {
  test('reads pieces, kinds, scores and settings', () => {
    const read260 = parseSentencePieceModel(read('byte-pairs.model'), 'byte-pairs.model');
    expect(read260).toMatchObject({
      type: 'bpe',
      byteFallback: true,
      unkId: 0,
      bosId: 1,
      eosId: 2,
      padId: -1,
      addDummyPrefix: true,
      removeExtraWhitespaces: false,
    });
    expect(read260.precompiledCharsmap.length).toBe(0);
    expect(read260.pieces.slice(0, 4)).toEqual([
      { text: '<unk>', score: 0, kind: 'unknown' },
      { text: '<s>', score: 0, kind: 'control' },
      { text: '</s>', score: 0, kind: 'control' },
      { text: '<0x00>', score: 0, kind: 'byte' },
    ]);
    expect(read260.pieces[259]).toMatchObject({ score: -0, kind: 'normal' });
    expect(read260.pieces[260]!.score).toBe(-1);

    const rules = parseSentencePieceModel(read('rules.model'), 'rules.model');
    expect(rules).toMatchObject({ type: 'unigram', byteFallback: false, removeExtraWhitespaces: true });
    expect(rules.precompiledCharsmap.length).toBeGreaterThan(100);
    expect(rules.pieces.filter(({ kind }) => kind === 'user-defined').map(({ text }) => text)).toEqual(['<r>']);
  });

  test('takes what the file does not say as SentencePiece does', () => {
    // one piece with a score (field 2, four bytes) and no kind; no trainer, no normalizer; an unknown field 9 is passed over
    const read1 = parseSentencePieceModel(
      model(piece('<unk>', 0x18, 2), piece('a', 0x15, 0, 0, 0xc0, 0xbf), piece('b'), [0x48, 7]),
      'm.model',
    );
    expect(read1).toMatchObject({ type: 'unigram', addDummyPrefix: true, removeExtraWhitespaces: true, byteFallback: false });
    expect(read1.pieces).toEqual([
      { text: '<unk>', score: 0, kind: 'unknown' },
      { text: 'a', score: -1.5, kind: 'normal' },
      { text: 'b', score: 0, kind: 'normal' },
    ]);
  });

  test('refuses files that are cut off, broken or of another kind, by name', () => {
    const whole = read('byte-pairs.model');
    for (const length of [1, 5, 1000, whole.length - 1])
      expect(() => parseSentencePieceModel(whole.slice(0, length), 'm.model'), String(length)).toThrow(/m\.model: the file is cut off/);
    expect(() => parseSentencePieceModel(new Uint8Array(), 'm.model')).toThrow(/m\.model: the file holds no pieces/);
    expect(() => parseSentencePieceModel(new TextEncoder().encode('{"model": {}}'), 'm.model')).toThrow(/m\.model: the file/);
    expect(() => parseSentencePieceModel(read('words.model'), 'm.model')).toThrow(/the model type is word/);
    expect(() => parseSentencePieceModel(model(piece('a'), field(2, [0x18, 9])), 'm.model')).toThrow(/the model type is 9/);
    expect(() => parseSentencePieceModel(model(piece('a', 0x18, 8)), 'm.model')).toThrow(/piece 0 is of the unknown kind 8/);
    expect(() => parseSentencePieceModel(model(field(1, field(1, [0xff, 0xfe]))), 'm.model')).toThrow(/piece 0 is not UTF-8/);
    expect(() => parseSentencePieceModel(model(piece('a')), 'm.model')).toThrow(/the id of bos is 1, but the file has 1 pieces/);
  });
});
