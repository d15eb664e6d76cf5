/** One token from a row of logits, in float64 on the host. */
export interface SampledToken {
  readonly token: number;
  /** By the logits divided by the temperature; at temperature 0 by the logits themselves. */
  readonly logProb: number;
}

/**
 * Inverse transform sampling: the first token whose cumulative probability exceeds `uniform`. Temperature 0 takes the largest logit
 * (the lowest id of equal ones). One uniform number a token, so the noise is keyed by position alone.
 * Returns undefined where the row holds a value that is not finite.
 */
export function sampleToken(
  logits: Float32Array,
  offset: number,
  vocabulary: number,
  temperature: number,
  uniform: number,
): SampledToken | undefined {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < vocabulary; token += 1) {
    const logit = logits[offset + token] as number;
    if (logit > highest) {
      highest = logit;
      best = token;
    }
  }
  const scale = temperature === 0 ? 1 : 1 / temperature;
  let total = 0;
  for (let token = 0; token < vocabulary; token += 1) total += Math.exp(((logits[offset + token] as number) - highest) * scale);
  // a NaN anywhere, or no finite logit, makes the sum NaN
  if (!Number.isFinite(total)) return undefined;
  if (temperature === 0) return { token: best, logProb: -Math.log(total) };
  const wanted = uniform * total;
  let reached = 0;
  let chosen = best;
  for (let token = 0; token < vocabulary; token += 1) {
    const weight = Math.exp(((logits[offset + token] as number) - highest) * scale);
    if (weight === 0) continue;
    reached += weight;
    chosen = token;
    if (reached > wanted) break;
  }
  return { token: chosen, logProb: ((logits[offset + chosen] as number) - highest) * scale - Math.log(total) };
}
