import { z } from 'zod';
import { bytePieces } from './byte-fallback';
import { type Merges, mergeSymbols, type Symbols } from './byte-pair-merge';
import { PairTable } from './pair-table';
import type { Refuse } from './pattern';
import type { TokenModel, TokenSink } from './token-model';
import { vocabularyMap, vocabularySchema } from './vocabulary';

const schema = z.looseObject({
  vocab: vocabularySchema,
  merges: z.array(z.unknown()),
  dropout: z.number().nullish(),
  unk_token: z.string().nullish(),
  continuing_subword_prefix: z.string().nullish(),
  end_of_word_suffix: z.string().nullish(),
  fuse_unk: z.boolean().nullish(),
  byte_fallback: z.boolean().nullish(),
  ignore_merges: z.boolean().nullish(),
});

/** Words come again and again: their tokens are kept, up to this many words of up to this many code units. */
const cachedWords = 30_000;
const cachedLength = 64;

function readMerges(written: readonly unknown[], vocabulary: ReadonlyMap<string, number>, prefix: string, refuse: Refuse): Merges {
  const ranks = new PairTable(written.length);
  const merged = new Int32Array(written.length);
  written.forEach((entry, rank) => {
    // newer files write pairs, older ones both parts in one text
    const parts = typeof entry === 'string' ? entry.split(' ') : entry;
    const [left, right, ...more] = Array.isArray(parts) ? (parts as unknown[]) : [];
    if (typeof left !== 'string' || typeof right !== 'string' || more.length > 0)
      throw refuse(`merge ${rank} is ${JSON.stringify(entry)}, expected two pieces`);
    const joined = left + (prefix !== '' && right.startsWith(prefix) ? right.slice(prefix.length) : right);
    const [leftId, rightId, joinedId] = [left, right, joined].map((piece) => {
      const id = vocabulary.get(piece);
      if (id === undefined) throw refuse(`merge ${rank} names ${JSON.stringify(piece)}, which is not in the vocabulary`);
      return id;
    }) as [number, number, number];
    // of a pair that stands twice, the later one counts
    ranks.set(leftId, rightId, rank);
    merged[rank] = joinedId;
  });
  return { ranks, merged };
}

/** Byte-pair encoding (Sennrich et al. 2016) as tokenizer.json describes it. @throws what `refuse` makes, naming the broken part */
export function buildBytePairModel(fields: unknown, refuse: Refuse): TokenModel {
  const parsed = schema.safeParse(fields);
  if (!parsed.success) throw refuse(`model.${parsed.error.issues[0]?.path.join('.')} is missing or not as expected`);
  const settings = parsed.data;
  if (settings.dropout)
    throw refuse(`model.dropout is ${settings.dropout}: the same text would get other tokens each time; set it to null`);
  const vocabulary = vocabularyMap(settings.vocab, refuse);
  const prefix = settings.continuing_subword_prefix ?? '';
  const suffix = settings.end_of_word_suffix ?? '';
  const merges = readMerges(settings.merges, vocabulary, prefix, refuse);
  const bytes = settings.byte_fallback ? bytePieces(vocabulary) : undefined;
  const unknown = settings.unk_token == null ? undefined : vocabulary.get(settings.unk_token);
  const encoder = new TextEncoder();

  function symbolsOf(word: string): Symbols {
    const symbols: Symbols = { ids: [], starts: [], ends: [] };
    const push = (id: number, start: number, end: number) => {
      symbols.ids.push(id);
      symbols.starts.push(start);
      symbols.ends.push(end);
    };
    let start = 0;
    let afterUnknown = false;
    for (const character of word) {
      const end = start + character.length;
      const piece = (start > 0 ? prefix : '') + character + (end === word.length ? suffix : '');
      const id = vocabulary.get(piece);
      if (id !== undefined) push(id, start, end);
      else if (bytes) for (const byte of encoder.encode(character)) push(bytes[byte] as number, start, end);
      else if (unknown !== undefined) {
        if (afterUnknown && settings.fuse_unk) symbols.ends[symbols.ends.length - 1] = end;
        else push(unknown, start, end);
      }
      afterUnknown = id === undefined && !bytes;
      start = end;
    }
    return symbols;
  }

  const cache = new Map<string, TokenSink>();
  function tokensOf(word: string): TokenSink {
    const whole = settings.ignore_merges ? vocabulary.get(word) : undefined;
    if (whole !== undefined) return { ids: [whole], spans: [0, word.length] };
    const symbols = symbolsOf(word);
    mergeSymbols(symbols, merges);
    return { ids: symbols.ids, spans: symbols.starts.flatMap((start, index) => [start, symbols.ends[index] as number]) };
  }

  return {
    vocabulary,
    tokenize(word, sink) {
      let tokens = cache.get(word);
      if (!tokens) {
        tokens = tokensOf(word);
        if (word.length <= cachedLength) {
          if (cache.size >= cachedWords) cache.clear();
          cache.set(word, tokens);
        }
      }
      for (const id of tokens.ids) sink.ids.push(id);
      for (const unit of tokens.spans) sink.spans.push(unit);
    },
  };
}
