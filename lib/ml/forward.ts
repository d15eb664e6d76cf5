import { AppError } from '#lib/errors';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import type { LanguageModel, ScalarModel } from '#lib/ml/nn/language-model';
import { chunk, packRows, type TokenBatch, type TokenRow, unpackRows } from './batches';
import { TargetScores } from './training/target-scores';
import { layRows } from './training/token-rows';

/** Runs `work` without keeping anything but the numbers. */
function readOnce(engine: Engine, work: () => Tensor): Float32Array {
  const tensor = engine.tidy(work);
  const values = engine.read(tensor) as Float32Array;
  // A copy: the engine may own the memory behind what it reads.
  const copy = Float32Array.from(values);
  engine.dispose(tensor);
  return copy;
}

function packFor(
  model: { readonly config: { readonly padTokenId: number | null; readonly contextLength: number } },
  rows: readonly TokenRow[],
): TokenBatch {
  return packRows(rows, { padId: model.config.padTokenId ?? 0, contextLength: model.config.contextLength });
}

function inBatches<T>(rows: readonly TokenRow[], batchSize: number, work: (rows: readonly TokenRow[]) => readonly T[]): T[] {
  return chunk(rows, batchSize).flatMap(work);
}

/** log pi(y_t) of every response token, by the logits divided by `temperature`; one array a row, no gradient. */
export function responseLogProbs(
  engine: Engine,
  model: LanguageModel,
  rows: readonly TokenRow[],
  options: { readonly temperature: number; readonly batchSize: number },
): Float64Array[] {
  return inBatches(rows, options.batchSize, (part) => {
    const { tokens, batch, time, predictedFrom, offsets } = packFor(model, part);
    return unpackRows(
      readOnce(engine, () => model.logProbs(tokens, batch, time, predictedFrom, options.temperature)),
      offsets,
    );
  });
}

/** The scalar at the last real token of each row, no gradient; as one graph where shapes come again. */
export function rowScores(
  engine: Engine,
  model: ScalarModel,
  rows: readonly TokenRow[],
  options: { readonly batchSize: number },
): number[] {
  const { contextLength, padTokenId } = model.config;
  const scores = new TargetScores(model);
  try {
    return inBatches(rows, options.batchSize, (part) => {
      const texts = part.map(({ prompt, response }) => [{ prefix: { tokens: [...prompt, ...response] } }]);
      const laid = layRows(texts, { padId: padTokenId ?? 0, contextLength });
      scores.check(laid);
      return [...readOnce(engine, () => engine.graph(() => scores.of(laid, laid.ends))).subarray(0, part.length)];
    });
  } finally {
    scores.dispose();
  }
}

/**
 * Lets messages in (a cancel, a lost claim) between two steps of work that block the event loop. Throws the signal's reason if that is
 * an AppError, else CANCELLED.
 */
export async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
  if (!signal.aborted) return;
  throw signal.reason instanceof AppError ? signal.reason : new AppError('CANCELLED', 'The run was cancelled.', { cause: signal.reason });
}
