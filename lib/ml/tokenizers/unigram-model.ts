import { z } from 'zod';
import { bytePieces } from './byte-fallback';
import { PairTable } from './pair-table';
import type { Refuse } from './pattern';
import type { TokenModel } from './token-model';

const schema = z.looseObject({
  vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
  unk_id: z.number().int().nonnegative().nullish(),
  byte_fallback: z.boolean().nullish(),
});

/** A character in no piece costs this much more than the worst piece (SentencePiece, `kUnkPenalty`). */
const unknownPenalty = 10;

/**
 * Unigram language model (Kudo 2018): the cut of the word whose pieces' log-probabilities sum to most, found with Viterbi's algorithm.
 * @throws what `refuse` makes, naming the broken part
 */
export function buildUnigramModel(fields: unknown, refuse: Refuse): TokenModel {
  const parsed = schema.safeParse(fields);
  if (!parsed.success) throw refuse(`model.${parsed.error.issues[0]?.path.join('.')} is missing or not as expected`);
  const { vocab, unk_id: unknown } = parsed.data;
  if (unknown != null && unknown >= vocab.length) throw refuse(`model.unk_id is ${unknown}, but the vocabulary has ${vocab.length} pieces`);
  const vocabulary = new Map(vocab.map(([piece], id) => [piece, id]));
  const scores = Float64Array.from(vocab, ([, score]) => score);
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY) - unknownPenalty;
  const bytes = parsed.data.byte_fallback ? bytePieces(vocabulary) : undefined;
  const encoder = new TextEncoder();

  // a trie over code units: (node, unit) to node; node 0 is the root
  const trie = new PairTable(vocab.reduce((sum, [piece]) => sum + piece.length, 0));
  const pieceAt: number[] = [-1];
  vocab.forEach(([piece], id) => {
    let node = 0;
    for (let index = 0; index < piece.length; index += 1) {
      let child = trie.get(node, piece.charCodeAt(index));
      if (child < 0) {
        child = pieceAt.length;
        pieceAt.push(-1);
        trie.set(node, piece.charCodeAt(index), child);
      }
      node = child;
    }
    if (node > 0) pieceAt[node] = id;
  });

  /** For every unit at which a piece of the best cut ends: where it starts and its id, -1 for a character in no piece. */
  function bestCut(word: string): { from: Int32Array; id: Int32Array } {
    const best = new Float64Array(word.length + 1);
    const from = new Int32Array(word.length + 1).fill(-1);
    const id = new Int32Array(word.length + 1).fill(-1);
    const offer = (start: number, end: number, score: number, piece: number) => {
      const total = (best[start] as number) + score;
      if ((from[end] as number) >= 0 && total <= (best[end] as number)) return;
      best[end] = total;
      from[end] = start;
      id[end] = piece;
    };
    for (let start = 0; start < word.length; ) {
      const next = start + ((word.codePointAt(start) as number) > 0xffff ? 2 : 1);
      let single = false;
      let node = trie.get(0, word.charCodeAt(start));
      for (let end = start + 1; node >= 0; end += 1) {
        const piece = pieceAt[node] as number;
        if (piece >= 0) {
          offer(start, end, scores[piece] as number, piece);
          single ||= end === next;
        }
        node = end < word.length ? trie.get(node, word.charCodeAt(end)) : -1;
      }
      if (!single) offer(start, next, unknownScore, -1);
      start = next;
    }
    return { from, id };
  }

  return {
    vocabulary,
    tokenize(word, sink) {
      const { from, id } = bestCut(word);
      const cut: [start: number, end: number, id: number][] = [];
      for (let end = word.length; end > 0; end = from[end] as number) cut.push([from[end] as number, end, id[end] as number]);
      let afterUnknown = false;
      for (const [start, end, piece] of cut.reverse()) {
        const isUnknown = piece < 0 || piece === unknown;
        if (!isUnknown) {
          sink.ids.push(piece);
          sink.spans.push(start, end);
        } else if (bytes) {
          for (const byte of encoder.encode(word.slice(start, end))) {
            sink.ids.push(bytes[byte] as number);
            sink.spans.push(start, end);
          }
        } else if (afterUnknown) sink.spans[sink.spans.length - 1] = end;
        else if (unknown == null) throw refuse(`${JSON.stringify(word.slice(start, end))} is in no piece, and model.unk_id is missing`);
        else {
          sink.ids.push(unknown);
          sink.spans.push(start, end);
        }
        afterUnknown = isUnknown && !bytes;
      }
    },
  };
}
