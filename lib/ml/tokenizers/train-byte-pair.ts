import { AppError } from '#lib/errors';
import { byteCharacters, gpt2Words } from './byte-alphabet';
import { PairHeap } from './pair-heap';

export interface BytePairTraining {
  readonly texts: Iterable<string>;
  /** 256 bytes + special tokens + merges. Fewer where the texts run out of pairs. */
  readonly vocabularySize: number;
  /** Get the first ids, in this order; where they stand in the texts, nothing is merged across them. */
  readonly specialTokens: readonly string[];
}

/** A distinct word of the texts: its symbols now, and how often it stands there. */
interface Word {
  symbols: number[];
  readonly count: number;
}

/** Two ids in one number; a vocabulary has less than 2^26 entries. */
const base = 2 ** 26;
const encoder = new TextEncoder();

function refuse(message: string): AppError {
  return new AppError('BAD_INPUT', message, { remedy: 'Change the vocabulary size, the special tokens or the texts.' });
}

function countWords(texts: Iterable<string>, specialTokens: readonly string[]): Map<string, number> {
  const escaped = [...specialTokens].sort((a, b) => b.length - a.length).map((token) => token.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  const cut = escaped.length > 0 ? new RegExp(escaped.join('|'), 'g') : undefined;
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const part of cut ? text.split(cut) : [text]) {
      for (const [word] of part.matchAll(gpt2Words)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

/** Counts of neighbouring symbols and the words they stand in, kept up to date merge by merge. */
class Pairs {
  private readonly counts = new Map<number, number>();
  private readonly places = new Map<number, Set<number>>();
  private readonly heap: PairHeap;

  constructor(
    private readonly words: readonly Word[],
    /** The bytes of every symbol, one character a byte: comparing them compares bytes. */
    bytes: readonly string[],
  ) {
    this.heap = new PairHeap(base, bytes);
    const changes = new Map<number, number>();
    for (const [index, word] of words.entries()) this.note(word, index, word.count, changes);
    this.apply(changes);
  }

  private note(word: Word, index: number, by: number, changes: Map<number, number>): void {
    const { symbols } = word;
    for (let at = 0; at + 1 < symbols.length; at += 1) {
      const pair = (symbols[at] as number) * base + (symbols[at + 1] as number);
      changes.set(pair, (changes.get(pair) ?? 0) + by);
      if (by < 0) continue;
      const places = this.places.get(pair);
      if (places) places.add(index);
      else this.places.set(pair, new Set([index]));
    }
  }

  private apply(changes: ReadonlyMap<number, number>): void {
    for (const [pair, by] of changes) {
      if (by === 0) continue;
      const count = (this.counts.get(pair) ?? 0) + by;
      if (count === 0) {
        this.counts.delete(pair);
        this.places.delete(pair);
        continue;
      }
      this.counts.set(pair, count);
      this.heap.push({ pair, count });
    }
  }

  /** The pair that stands there most often; of equals the one whose bytes are greater, first part first. */
  best(): readonly [left: number, right: number] | undefined {
    for (let top = this.heap.pop(); top; top = this.heap.pop()) {
      // what was counted before a later change is out of date
      if (this.counts.get(top.pair) === top.count) return [Math.floor(top.pair / base), top.pair % base];
    }
    return undefined;
  }

  merge(left: number, right: number, into: number): void {
    const changes = new Map<number, number>();
    for (const index of this.places.get(left * base + right) ?? []) {
      const word = this.words[index] as Word;
      this.note(word, index, -word.count, changes);
      const merged: number[] = [];
      for (let at = 0; at < word.symbols.length; at += 1) {
        const isPair = word.symbols[at] === left && word.symbols[at + 1] === right;
        merged.push(isPair ? into : (word.symbols[at] as number));
        if (isPair) at += 1;
      }
      word.symbols = merged;
      this.note(word, index, word.count, changes);
    }
    this.apply(changes);
  }
}

function checkSettings({ vocabularySize, specialTokens }: BytePairTraining): void {
  const least = 256 + specialTokens.length;
  if (!Number.isSafeInteger(vocabularySize) || vocabularySize < least)
    throw refuse(`A vocabulary of ${vocabularySize} is too small: 256 bytes and ${specialTokens.length} special tokens need ${least}.`);
  if (vocabularySize >= base) throw refuse(`A vocabulary of ${vocabularySize} is too large.`);
  const twice = specialTokens.find((token, index) => token === '' || specialTokens.indexOf(token) !== index);
  if (twice !== undefined) throw refuse(`The special token ${JSON.stringify(twice)} is empty or stands twice.`);
}

/**
 * tokenizer.json of a byte-level BPE vocabulary learnt from texts (Sennrich et al. 2016 on the bytes of GPT-2's words): again and again
 * the most frequent pair becomes a symbol. The same texts give the same file. Throws BAD_INPUT where the settings make no sense or the
 * texts hold nothing.
 */
export function trainBytePairTokenizer(training: BytePairTraining): string {
  checkSettings(training);
  const { vocabularySize, specialTokens } = training;
  const alphabet = [...byteCharacters].sort();
  const pieces = [...specialTokens, ...alphabet];
  const bytes = pieces.map((piece, id) => (id < specialTokens.length ? '' : String.fromCharCode(byteCharacters.indexOf(piece))));
  const idOfByte = byteCharacters.map((character) => specialTokens.length + alphabet.indexOf(character));
  const words = Array.from(
    countWords(training.texts, specialTokens),
    ([text, count]): Word => ({ symbols: Array.from(encoder.encode(text), (byte) => idOfByte[byte] as number), count }),
  );
  if (words.length === 0) throw refuse('The texts hold nothing to learn from.');
  const pairs = new Pairs(words, bytes);
  const merges: [string, string][] = [];
  while (pieces.length < vocabularySize) {
    const best = pairs.best();
    if (!best) break;
    const [left, right] = best;
    const id = pieces.length;
    merges.push([pieces[left] as string, pieces[right] as string]);
    pieces.push((pieces[left] as string) + (pieces[right] as string));
    bytes.push((bytes[left] as string) + (bytes[right] as string));
    pairs.merge(left, right, id);
  }
  return tokenizerJson(pieces, merges, specialTokens);
}

function tokenizerJson(
  pieces: readonly string[],
  merges: readonly (readonly [string, string])[],
  specialTokens: readonly string[],
): string {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: true };
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({ id, content, ...flags })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
      merges,
    },
  };
  return `${JSON.stringify(json, null, 1)}\n`;
}
