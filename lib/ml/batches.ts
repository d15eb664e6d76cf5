import { AppError } from '#lib/errors';

/** A prompt and one answer to it, as token ids: the prompt starts with BOS, the answer ends with EOS if the model ended it. */
export interface TokenRow {
  readonly prompt: readonly number[];
  readonly response: readonly number[];
}

/** Rows padded on the right to one length. Flat positions count through `tokens`: row * time + index. */
export interface TokenBatch {
  readonly tokens: Int32Array;
  readonly batch: number;
  readonly time: number;
  readonly lengths: Int32Array;
  /** Where each response token is predicted from (the position before it), rows one after the other. */
  readonly predictedFrom: Int32Array;
  /** The last real token of each row: where a reward is read. */
  readonly lastTokens: Int32Array;
  /** Row r's response tokens are predictedFrom[offsets[r] .. offsets[r + 1]). */
  readonly offsets: Int32Array;
}

/** Lengths are rounded up to a multiple of this, so that an engine that records shapes meets few of them. */
const timeBucket = 16;

/** Throws BAD_INPUT where a row is longer than the context or a prompt is empty. */
export function packRows(rows: readonly TokenRow[], options: { readonly padId: number; readonly contextLength: number }): TokenBatch {
  const lengths = Int32Array.from(rows, (row) => row.prompt.length + row.response.length);
  const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
  if (longest > options.contextLength) {
    throw new AppError('BAD_INPUT', `A prompt with its answer has ${longest} tokens; the model reads at most ${options.contextLength}.`, {
      details: { tokens: longest, contextLength: options.contextLength },
      remedy: 'Shorten the prompts or ask for shorter answers.',
    });
  }
  const time = Math.min(Math.ceil(longest / timeBucket) * timeBucket, options.contextLength);
  const tokens = new Int32Array(rows.length * time).fill(options.padId);
  const offsets = new Int32Array(rows.length + 1);
  const predictedFrom: number[] = [];
  const lastTokens = new Int32Array(rows.length);
  for (const [r, row] of rows.entries()) {
    if (row.prompt.length === 0) throw new AppError('BAD_INPUT', 'A prompt has no tokens; it needs at least the begin token.');
    tokens.set(row.prompt, r * time);
    tokens.set(row.response, r * time + row.prompt.length);
    for (let t = 0; t < row.response.length; t += 1) predictedFrom.push(r * time + row.prompt.length - 1 + t);
    offsets[r + 1] = predictedFrom.length;
    lastTokens[r] = r * time + (lengths[r] as number) - 1;
  }
  return { tokens, batch: rows.length, time, lengths, predictedFrom: Int32Array.from(predictedFrom), lastTokens, offsets };
}

/** Cuts flat response-token values back into rows. */
export function unpackRows(values: ArrayLike<number>, offsets: Int32Array): Float64Array[] {
  return Array.from({ length: offsets.length - 1 }, (_, r) => {
    const start = offsets[r] as number;
    return Float64Array.from({ length: (offsets[r + 1] as number) - start }, (_, t) => values[start + t] as number);
  });
}

export function chunk<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}

/** Counts of positions and pairs are rounded up to a multiple of this, for the same reason as `timeBucket`. */
const countBucket = 64;

/** `count` rounded up to where recorded work has the same shape. What is added carries weight 0. */
export function bucketCount(count: number): number {
  return Math.max(1, Math.ceil(count / countBucket)) * countBucket;
}

/** `values` filled up to `count` with `filler`. */
export function filledUp<T extends Float32Array | Int32Array>(values: T, count: number, filler: number): T {
  const Values = values.constructor as new (length: number) => T;
  const longer = new Values(count).fill(filler) as T;
  longer.set(values);
  return longer;
}
