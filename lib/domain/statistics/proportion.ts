import { betaQuantile, logGamma, normalQuantile } from './distribution';
import { type Estimate, undefinedEstimate } from './estimate';

/** Wilson's score interval (Wilson 1927; Newcombe 1998, method 3). Trials are taken as independent: cluster first where they are not. */
export function wilsonInterval(successes: number, trials: number, level = 0.95): Estimate {
  if (trials <= 0) return undefinedEstimate('nothing was counted', 0);
  const z = normalQuantile(0.5 + level / 2);
  const share = successes / trials;
  const centre = (share + (z * z) / (2 * trials)) / (1 + (z * z) / trials);
  const half = (z / (1 + (z * z) / trials)) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  return { defined: true, value: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half), n: trials, level };
}

/** Jeffreys' interval (Brown, Cai and DasGupta 2001): quantiles of Beta(successes + 1/2, failures + 1/2), 0 and 1 where nothing or all succeeded. */
export function jeffreysInterval(successes: number, trials: number, level = 0.95): Estimate {
  if (trials <= 0) return undefinedEstimate('nothing was counted', 0);
  const tail = (1 - level) / 2;
  const [a, b] = [successes + 0.5, trials - successes + 0.5];
  const low = successes === 0 ? 0 : betaQuantile(tail, a, b);
  const high = successes === trials ? 1 : betaQuantile(1 - tail, a, b);
  return { defined: true, value: successes / trials, low, high, n: trials, level };
}

/** Exact two-sided binomial test: the probability of all outcomes that are no likelier than the one seen (R's binom.test). */
export function binomialTest(successes: number, trials: number, probability = 0.5): number {
  const logProbability = (k: number): number =>
    logGamma(trials + 1) -
    logGamma(k + 1) -
    logGamma(trials - k + 1) +
    (k === 0 ? 0 : k * Math.log(probability)) +
    (k === trials ? 0 : (trials - k) * Math.log(1 - probability));
  const seen = logProbability(successes);
  let total = 0;
  for (let k = 0; k <= trials; k += 1) {
    const each = logProbability(k);
    if (each <= seen + 1e-7) total += Math.exp(each);
  }
  return Math.min(1, total);
}
