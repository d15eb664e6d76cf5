import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { tokenizerJsonOfFile } from '#lib/ml/tokenizers/tokenizer-files';

const folder = path.resolve(import.meta.dirname, '../../../fixtures/tokenizers');
const readJson = <T>(file: string) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as T;

interface Variant {
  readonly name: string;
  readonly base: string;
  readonly change: object;
  readonly cases: readonly { ids: number[]; offsets?: [number, number][]; decoded: string; raw: string }[];
}

const huggingFace = readJson<{ texts: string[]; bases: Record<string, object>; variants: Variant[] }>('tokenizers.json');
const sentencePiece = readJson<{ file: string; cases: { text: string; ids: number[]; decoded: string }[] }[]>('sentencepiece.json');

/** Hugging Face takes the letter of an added token for a byte that it stands for in the byte alphabet; that is not what was written. */
const mended = (decoded: string) => decoded.replaceAll('caf\ufffd', 'caf\u00e9');

describe('as Hugging Face tokenizers', () => {
  test.each(huggingFace.variants)('$name', ({ name, base, change, cases }) => {
    const tokenizer = loadTokenizer(JSON.stringify({ ...huggingFace.bases[base], ...change }), name);
    expect(cases.length).toBe(huggingFace.texts.length);
    cases.forEach(({ ids, offsets, decoded, raw }, index) => {
      const text = huggingFace.texts[index]!;
      const said = JSON.stringify(text);
      expect(tokenizer.encode(text), said).toEqual(ids);
      const encoding = tokenizer.encodeWithOffsets(text);
      expect(encoding.ids, said).toEqual(ids);
      if (offsets) expect(encoding.offsets, said).toEqual(offsets);
      expect(tokenizer.decode(ids), said).toBe(mended(decoded));
      expect(tokenizer.decode(ids, { skipSpecial: false }), said).toBe(mended(raw));
    });
  });
});

/** Where a tokenizer.json, the form that models are shared in, says something else than SentencePiece does. */
const sentencePieceExceptions: readonly { readonly reason: string; readonly pattern: RegExp; readonly files: RegExp }[] = [
  {
    reason: 'Special tokens that stand in the text are found; SentencePiece cuts them like any text',
    pattern: /<\/?s>/,
    files: /./,
  },
  {
    reason: 'After a special token in the text a blank is put in front again, as in front of a text',
    pattern: /<r>/,
    files: /rules/,
  },
  {
    reason: 'Hugging Face maps a grapheme of several characters as one, by its first characters: the marks after them are lost',
    pattern: /(e\u0301|[\u2460\u3000\u00a0])\p{M}/u,
    files: /rules/,
  },
  { reason: 'SentencePiece trims U+2581 at the ends like a blank', pattern: /^\u2581|\u2581$/, files: /rules/ },
];

describe('as SentencePiece', () => {
  test.each(sentencePiece)('$file', ({ file, cases }) => {
    const tokenizer = loadTokenizer(tokenizerJsonOfFile(readFileSync(path.join(folder, file)), file), file);
    const exceptions = sentencePieceExceptions.filter(({ files }) => files.test(file));
    const applies = cases.filter(({ text }) => !exceptions.some(({ pattern }) => pattern.test(text)));
    expect(applies.length).toBeGreaterThan(cases.length * 0.8);
    for (const { text, ids, decoded } of applies) {
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
      // an unknown character is a special token: left out, where SentencePiece writes a sign for it
      if (!ids.includes(0)) expect(tokenizer.decode(ids), JSON.stringify(text)).toBe(decoded);
    }
  });

  test('a long text, which is one word to the model, is cut as its words are one by one', () => {
    const file = 'byte-pairs.model';
    const tokenizer = loadTokenizer(tokenizerJsonOfFile(readFileSync(path.join(folder, file)), file), file);
    const words = 'the quick brown foxes jump over 17 lazy dogs; caf\u00e9 \ud83d\ude00 rivers aaaaaaaaaaa'.split(' ');
    // no piece of this vocabulary reaches over a blank
    const long = Array.from({ length: 40 }, (_, index) => words.slice(index % 7)).flat();
    expect(tokenizer.encode(long.join(' '))).toEqual(long.flatMap((word) => tokenizer.encode(word)));
  });

  test('a model of whole words is refused by name', () => {
    expect(() => tokenizerJsonOfFile(readFileSync(path.join(folder, 'words.model')), 'words.model')).toThrow(
      /words\.model: the model type is word; unigram and bpe are read/,
    );
  });
});
