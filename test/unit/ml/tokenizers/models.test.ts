import { describe, expect, test } from 'vitest';
import { pieceTokenizerJson } from '#lib/ml/tokenizers/scored-pieces';
import { loadTokenizer, type Tokenizer } from '#lib/ml/tokenizers/tokenizer';

const added = (id: number, content: string) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});

function load(model: object, change: object = {}): Tokenizer {
  return loadTokenizer(JSON.stringify({ added_tokens: [], ...change, model }), 'made by hand');
}

const piecesOf = (tokenizer: Tokenizer, text: string) => tokenizer.encode(text).map((id) => tokenizer.pieceOf(id));

function bytePairs(pieces: readonly string[], merges: readonly string[], change: object = {}): object {
  return { type: 'BPE', vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])), merges, ...change };
}

describe('byte pairs', () => {
  test('equal pairs merge from the left, in short words and in long ones', () => {
    const tokenizer = load(bytePairs(['a', 'aa', 'b'], ['a a']));
    expect(piecesOf(tokenizer, 'aaa')).toEqual(['aa', 'a']);
    expect(piecesOf(tokenizer, `${'b'.repeat(60)}aaa`).slice(60)).toEqual(['aa', 'a']);
  });

  test('the first merge of the list goes first, wherever it stands', () => {
    const tokenizer = load(bytePairs(['a', 'b', 'c', 'bc', 'ab', 'abc'], ['b c', 'a b', 'a bc']));
    expect(piecesOf(tokenizer, 'abab')).toEqual(['ab', 'ab']);
    expect(piecesOf(tokenizer, 'abc')).toEqual(['abc']);
    expect(piecesOf(load(bytePairs(['a', 'b', 'c', 'bc', 'ab', 'abc'], ['a b', 'b c', 'a bc'])), 'abc')).toEqual(['ab', 'c']);
  });

  test('a word that is a piece stays whole where merges are to be ignored', () => {
    const pieces = ['a', 'b', 'c', 'ab', 'abc'];
    expect(piecesOf(load(bytePairs(pieces, ['a b'])), 'abc')).toEqual(['ab', 'c']);
    expect(piecesOf(load(bytePairs(pieces, ['a b'], { ignore_merges: true })), 'abc')).toEqual(['abc']);
  });

  test('marks of what continues and what ends a word', () => {
    const tokenizer = load(
      bytePairs(['a', '##b', '##c</w>', 'ab', 'abc</w>', 'a</w>'], ['a ##b', 'ab ##c</w>'], {
        continuing_subword_prefix: '##',
        end_of_word_suffix: '</w>',
      }),
      { pre_tokenizer: { type: 'WhitespaceSplit' } },
    );
    expect(piecesOf(tokenizer, 'abc a')).toEqual(['abc</w>', 'a</w>']);
    expect(tokenizer.encodeWithOffsets('abc a').offsets).toEqual([
      [0, 3],
      [4, 5],
    ]);
  });

  test('unknown characters: one token each, one for all, or none', () => {
    const model = (change: object) => load(bytePairs(['?', 'a'], [], change));
    expect(piecesOf(model({ unk_token: '?' }), 'xya\ud83d\ude00')).toEqual(['?', '?', 'a', '?']);
    expect(piecesOf(model({ unk_token: '?', fuse_unk: true }), 'xya\ud83d\ude00')).toEqual(['?', 'a', '?']);
    expect(model({ unk_token: '?', fuse_unk: true }).encodeWithOffsets('xya').offsets).toEqual([
      [0, 2],
      [2, 3],
    ]);
    expect(piecesOf(model({}), 'xya')).toEqual(['a']);
  });
});

describe('pieces with scores', () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const tokenizer = (words: readonly (readonly [string, number])[]) =>
    loadTokenizer(
      pieceTokenizerJson({
        type: 'bpe',
        pieces: [
          { text: '<unk>', score: 0, kind: 'unknown' },
          ...bytes.map((text) => ({ text, score: 0, kind: 'byte' as const })),
          ...words.map(([text, score]) => ({ text, score, kind: 'normal' as const })),
        ],
        byteFallback: true,
        unkId: 0,
        bosId: -1,
        addDummyPrefix: false,
        removeExtraWhitespaces: false,
        precompiledCharsmap: new Uint8Array(),
      }),
      'pieces',
    );

  test('the best score merges first, whatever the ids are', () => {
    const letters = [
      ['a', -9],
      ['b', -9],
      ['c', -9],
    ] as const;
    expect(piecesOf(tokenizer([...letters, ['ab', -2], ['bc', -1]]), 'abc')).toEqual(['a', 'bc']);
    expect(piecesOf(tokenizer([...letters, ['bc', -2], ['ab', -1]]), 'abc')).toEqual(['ab', 'c']);
  });

  test('bytes that are no UTF-8 become one sign each', () => {
    const { decode } = tokenizer([['a', 0]]);
    expect(decode([0xe2 + 1, 0x82 + 1, 257, 0xe2 + 1, 0x82 + 1, 0xac + 1])).toBe('\ufffd\ufffda\u20ac');
  });
});

describe('unigram', () => {
  const unigram = (vocab: readonly (readonly [string, number])[], change: object = {}) =>
    load({ type: 'Unigram', unk_id: 0, vocab, ...change });

  test('the cut with the highest sum, of equals the one with the longer first piece', () => {
    const letters = [
      ['<unk>', 0],
      ['a', -1],
      ['b', -1],
    ] as const;
    expect(piecesOf(unigram([...letters, ['ab', -1.9]]), 'ab')).toEqual(['ab']);
    expect(piecesOf(unigram([...letters, ['ab', -2.1]]), 'ab')).toEqual(['a', 'b']);
    expect(piecesOf(unigram([...letters, ['ab', -2]]), 'ab')).toEqual(['ab']);
  });

  test('a run of unknown characters is one token, which costs more than any piece', () => {
    const tokenizer = unigram([
      ['<unk>', 0],
      ['a', -1],
      ['xy', -50],
    ]);
    expect(piecesOf(tokenizer, 'axya')).toEqual(['a', 'xy', 'a']);
    expect(piecesOf(tokenizer, 'ayx\ud83d\ude00')).toEqual(['a', '<unk>']);
    expect(tokenizer.encodeWithOffsets('ayx\ud83d\ude00').offsets).toEqual([
      [0, 1],
      [1, 5],
    ]);
    expect(() => unigram([['a', -1]], { unk_id: null }).encode('b')).toThrow(/"b" is in no piece, and model\.unk_id is missing/);
  });
});

describe('steps before the model', () => {
  test('a split that joins its match to what stands before it takes one match only', () => {
    const model = bytePairs(['a', 'b', 'ba', 'aa'], ['a a', 'b a']);
    const split = (behavior: string) =>
      piecesOf(load(model, { pre_tokenizer: { type: 'Split', pattern: { String: 'a' }, behavior, invert: false } }), 'baab');
    expect(split('MergedWithPrevious')).toEqual(['ba', 'a', 'b']);
    expect(split('MergedWithNext')).toEqual(['b', 'a', 'a', 'b']);
    expect(split('Contiguous')).toEqual(['b', 'aa', 'b']);
    expect(split('Removed')).toEqual(['b', 'b']);
  });

  test('a blank goes before the first text only, where the file says so', () => {
    const pre = (scheme: string) => ({ type: 'Metaspace', replacement: '\u2581', prepend_scheme: scheme, split: true });
    const model = {
      type: 'Unigram',
      unk_id: 0,
      vocab: [
        ['<unk>', 0],
        ['a', -1],
        ['\u2581', -1],
        ['\u2581a', -1],
      ],
    };
    const cut = (scheme: string) => piecesOf(load(model, { added_tokens: [added(4, '<s>')], pre_tokenizer: pre(scheme) }), 'a<s>a a');
    expect(cut('first')).toEqual(['\u2581a', '<s>', 'a', '\u2581a']);
    expect(cut('always')).toEqual(['\u2581a', '<s>', '\u2581a', '\u2581a']);
    expect(cut('never')).toEqual(['a', '<s>', 'a', '\u2581a']);
  });
});
