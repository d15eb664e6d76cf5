import { AppError } from '#lib/errors';
import type { TokenRow } from '#lib/ml/batches';
import type { Engine } from '#lib/ml/engine/engine';
import { breathe, responseLogProbs } from '#lib/ml/forward';
import type { LanguageModel } from '#lib/ml/nn/language-model';

export interface Perplexity {
  /** Mean negative log-likelihood of a token, in nats. */
  readonly nll: number;
  /** exp(nll) */
  readonly perplexity: number;
  /** Tokens that were predicted: all but the first of each text. */
  readonly tokens: number;
  /** Texts that are longer than the context, read in windows. */
  readonly windowed: number;
}

/** Padded tokens computed together, at most. */
const tokensPerBatch = 4096;

/**
 * A text as rows that fit into the context: every token but the first is predicted exactly once. Each further window moves on by half a
 * context, so that its first prediction still sees the other half.
 */
export function scoringWindows(ids: readonly number[], contextLength: number): TokenRow[] {
  const rows: TokenRow[] = [];
  const seen = Math.max(1, contextLength - Math.floor(contextLength / 2));
  let predicted = 1;
  while (predicted < ids.length) {
    const begin = predicted === 1 ? 0 : predicted - seen;
    const end = Math.min(ids.length, begin + contextLength);
    rows.push({ prompt: ids.slice(begin, predicted), response: ids.slice(predicted, end) });
    predicted = end;
  }
  return rows;
}

/** Rows of about one length together, longest first, so that too large a batch shows at once. */
function batches(rows: readonly TokenRow[]): TokenRow[][] {
  const lengthOf = (row: TokenRow) => row.prompt.length + row.response.length;
  const all: TokenRow[][] = [];
  let room = 0;
  for (const row of rows.toSorted((a, b) => lengthOf(b) - lengthOf(a))) {
    if (room <= 0) {
      all.push([]);
      room = Math.max(1, Math.floor(tokensPerBatch / lengthOf(row)));
    }
    all.at(-1)?.push(row);
    room -= 1;
  }
  return all;
}

/**
 * How well the model predicts texts of token ids, first the begin token where the model has one.
 * Throws BAD_INPUT naming an empty text, or where there is nothing to predict; INVARIANT where a probability is not finite.
 */
export async function perplexity(options: {
  readonly engine: Engine;
  readonly model: LanguageModel;
  readonly texts: readonly (readonly number[])[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}): Promise<Perplexity> {
  const { engine, model, signal, texts } = options;
  const { contextLength } = model.config;
  const empty = texts.findIndex((ids) => ids.length === 0);
  if (empty >= 0) throw new AppError('BAD_INPUT', `Text ${empty + 1} has no tokens.`, { details: { text: empty + 1 } });
  const rows = texts.flatMap((ids) => scoringWindows(ids, contextLength));
  const tokens = rows.reduce((sum, row) => sum + row.response.length, 0);
  if (tokens === 0) throw new AppError('BAD_INPUT', 'There is nothing to predict: no text has two tokens.');
  let total = 0;
  let done = 0;
  for (const batch of batches(rows)) {
    const logProbs = responseLogProbs(engine, model, batch, { temperature: 1, batchSize: batch.length });
    for (const row of logProbs) total -= row.reduce((sum, value) => sum + value, 0);
    if (!Number.isFinite(total)) {
      throw new AppError('INVARIANT', 'A log-probability is not finite.', {
        details: { check: 'finite-log-probs' },
        remedy: 'The weights are too large for float32 or have diverged: go back to an earlier checkpoint.',
      });
    }
    done += batch.reduce((sum, row) => sum + row.response.length, 0);
    options.onProgress?.(done, tokens);
    if (signal) await breathe(signal);
  }
  const nll = total / tokens;
  const windowed = texts.filter((ids) => ids.length > contextLength).length;
  return { nll, perplexity: Math.exp(nll), tokens, windowed };
}
