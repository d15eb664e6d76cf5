import type { Prediction } from './decoder';

export interface SampledToken {
  readonly token: number;
  /** By the logits divided by the temperature; at temperature 0 by the logits themselves. */
  readonly logProb: number;
}

/**
 * One token from row `row` of a prediction: the most probable one, or inverse transform sampling: the first token whose cumulative
 * probability exceeds `uniform`. One uniform number a token, so the noise is keyed by position alone.
 * Returns undefined where the row holds a value that is not finite.
 */
export function sampleToken(prediction: Prediction, row: number, uniform: number): SampledToken | undefined {
  if (prediction.kind === 'best') {
    const logProb = prediction.logProbs[row] ?? Number.NaN;
    return Number.isFinite(logProb) ? { token: prediction.tokens[row] ?? 0, logProb } : undefined;
  }
  const { totals, weights } = prediction;
  const total = totals[row] ?? Number.NaN;
  if (!Number.isFinite(total)) return undefined;
  const vocabulary = weights.length / totals.length;
  const start = row * vocabulary;
  const wanted = uniform * total;
  let reached = 0;
  let chosen = 0;
  for (let token = 0; token < vocabulary; token += 1) {
    const weight = weights[start + token] as number;
    if (weight === 0) continue;
    reached += weight;
    chosen = token;
    if (reached > wanted) break;
  }
  return { token: chosen, logProb: Math.log((weights[start + chosen] as number) / total) };
}
