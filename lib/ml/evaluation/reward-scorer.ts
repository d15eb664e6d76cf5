import type { TokenRow } from '#lib/ml/batches';
import type { Engine } from '#lib/ml/engine/engine';
import { rowScores } from '#lib/ml/forward';
import type { ScalarModel } from '#lib/ml/nn/language-model';

/** Makes a scorer of a reward model: (raw - mean) / std with the statistics that its training left, rows in batches. */
export function createRewardScorer(options: {
  readonly engine: Engine;
  readonly model: ScalarModel;
  readonly normalisation: { readonly mean: number; readonly std: number };
  readonly batchSize?: number;
}): (rows: readonly TokenRow[]) => number[] {
  const { engine, model, normalisation, batchSize = 64 } = options;
  return (rows) => rowScores(engine, model, rows, { batchSize }).map((score) => (score - normalisation.mean) / normalisation.std);
}
