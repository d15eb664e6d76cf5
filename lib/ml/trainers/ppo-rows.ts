import { chunk } from '#lib/ml/batches';
import type { Episode } from '#lib/ml/training/examples';
import { packTexts } from '#lib/ml/training/packing';
import { type BranchedText, layRows, lengthOf, type TokenRows } from '#lib/ml/training/token-rows';

/** What a row may hold, of the model that reads it. */
export interface RowLimits {
  readonly padTokenId: number | null;
  readonly contextLength: number;
}

/** Rows, and the numbers of the texts in the order in which their predictions stand in them. */
export interface LaidTexts {
  readonly rows: TokenRows;
  readonly order: readonly number[];
}

const timeBucket = 16;

/** Rows beyond which packing is left out: it has to save a quarter of them to pay for its masks. */
const worthwhile = 0.75;

/** Few numbers of rows, so that a recorded graph meets few shapes: steps of a quarter at most. */
function rowBucket(count: number): number {
  const unit = Math.max(1, 2 ** (Math.floor(Math.log2(count)) - 2));
  return Math.ceil(count / unit) * unit;
}

/** One text a row where all are about as long; else several short ones share a row, each seeing only itself. */
export function layTexts(texts: readonly BranchedText[], limits: RowLimits): LaidTexts {
  const options = { padId: limits.padTokenId ?? 0, contextLength: limits.contextLength };
  const longest = texts.reduce((most, text) => Math.max(most, lengthOf(text)), 0);
  const time = Math.min(Math.ceil(longest / timeBucket) * timeBucket, limits.contextLength);
  const packed = longest <= time ? packTexts(texts, time) : [];
  const count = rowBucket(packed.length);
  const rows = packed.length > 0 && count <= worthwhile * texts.length ? packed : [...texts.keys()].map((index) => [index]);
  // rows without a text fill up to the bucket
  if (rows === packed) while (rows.length < count) rows.push([]);
  return {
    rows: layRows(
      rows.map((row) => row.map((index) => texts[index] as BranchedText)),
      options,
    ),
    order: rows.flat(),
  };
}

/** Prompt and answer as one text of which only the answer is predicted. */
function episodeText({ prompt, response }: Episode): BranchedText {
  return { prefix: { tokens: [...prompt, ...response], weights: [...prompt.map(() => 0), ...response.map(() => 1)] } };
}

export function layEpisodes(episodes: readonly Episode[], limits: RowLimits): LaidTexts {
  return layTexts(episodes.map(episodeText), limits);
}

/** One value a response token, laid flat in the order of the rows. */
export function flatten(byEpisode: readonly ArrayLike<number>[], order: readonly number[]): Float32Array {
  const flat = new Float32Array(order.reduce((sum, index) => sum + (byEpisode[index] as ArrayLike<number>).length, 0));
  let at = 0;
  for (const index of order) {
    const values = byEpisode[index] as ArrayLike<number>;
    flat.set(values, at);
    at += values.length;
  }
  return flat;
}

/**
 * What each of `reads` says of every response token, by episode: rows of similar length together, `batchSize` episodes at a time, laid out once for all
 * reads.
 */
export function readByEpisode<K extends string>(
  episodes: readonly Episode[],
  limits: RowLimits,
  batchSize: number,
  reads: Readonly<Record<K, (rows: TokenRows) => Float32Array>>,
): Record<K, Float64Array[]> {
  const names = Object.keys(reads) as K[];
  const found = Object.fromEntries(names.map((name) => [name, new Array<Float64Array>(episodes.length)])) as Record<K, Float64Array[]>;
  const length = (index: number) => (episodes[index] as Episode).prompt.length + (episodes[index] as Episode).response.length;
  const byLength = [...episodes.keys()].sort((a, b) => length(b) - length(a) || a - b);
  for (const part of chunk(byLength, batchSize)) {
    const { order, rows } = layEpisodes(
      part.map((index) => episodes[index] as Episode),
      limits,
    );
    for (const name of names) {
      const values = reads[name](rows);
      let at = 0;
      for (const place of order) {
        const index = part[place] as number;
        const end = at + (episodes[index] as Episode).response.length;
        found[name][index] = Float64Array.from(values.subarray(at, end));
        at = end;
      }
    }
  }
  return found;
}
