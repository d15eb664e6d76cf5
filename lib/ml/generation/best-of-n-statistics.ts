import { AppError } from '#lib/errors';

/**
 * How far best-of-n is from the policy that it chooses from, at most: KL <= log n - (n - 1) / n nats an answer (Stiennon et al. 2020; that it is an upper
 * bound, with equality where no two answers have the same score: Beirami et al. 2401.01879).
 */
export function bestOfNKlBound(n: number): number {
  return Math.log(n) - (n - 1) / n;
}

/** How often the best of n beats one answer of the same policy in the eyes of the scorer that chose it, at most: n / (n + 1). */
export function bestOfNWinRateBound(n: number): number {
  return n / (n + 1);
}

/**
 * What `gold` says of best-of-n by `proxy` on average, from N >= n samples of one prompt without a new draw: the sample with the i-th lowest proxy is the
 * best of n with probability C(i - 1, n - 1) / C(N, n) (Nakano et al. 2112.09332 appendix I; used by Gao et al. 2210.10760). Samples of
 * equal proxy share their probabilities: which of them is taken is chance.
 *
 * Throws BAD_INPUT unless 1 <= n <= N and every sample has both values.
 */
export function bestOfNEstimate(samples: readonly { readonly proxy: number; readonly gold: number }[], n: number): number {
  const count = samples.length;
  if (!Number.isInteger(n) || n < 1 || n > count) {
    throw new AppError('BAD_INPUT', `Best-of-${n} cannot be estimated from ${count} samples.`, { details: { n, samples: count } });
  }
  const broken = samples.findIndex(({ gold, proxy }) => !Number.isFinite(gold) || !Number.isFinite(proxy));
  if (broken >= 0) throw new AppError('BAD_INPUT', `Sample ${broken + 1} has no finite score.`, { details: { sample: broken + 1 } });
  const sorted = samples.toSorted((a, b) => a.proxy - b.proxy);
  // C(i - 1, n - 1) / C(N, n), from the best sample down: n / N there, and (i - n) / (i - 1) of the one above at each step.
  const chances = new Array<number>(count).fill(0);
  let chance = n / count;
  for (let i = count; i >= n; i -= 1) {
    chances[i - 1] = chance;
    chance *= (i - n) / (i - 1);
  }
  let total = 0;
  for (let start = 0; start < count; ) {
    let end = start + 1;
    while (end < count && sorted[end]?.proxy === sorted[start]?.proxy) end += 1;
    const together = chances.slice(start, end).reduce((sum, value) => sum + value, 0);
    total += (together * sorted.slice(start, end).reduce((sum, { gold }) => sum + gold, 0)) / (end - start);
    start = end;
  }
  return total;
}
