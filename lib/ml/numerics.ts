/**
 * The arithmetic of preference learning on plain arrays: no tensors, no state. What needs a gradient has its tensor twin beside the
 * trainer that uses it; the tests hold the two together. Sequences are ragged: one array a response, no padding, no masks.
 */

/** log sigmoid(x) = -log(1 + e^-x), finite for every finite x. */
export function logSigmoid(x: number): number {
  return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
}

export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** Pair loss of Bradley and Terry (1952): -log sigmoid(winner - loser - margin) (margin: Llama 2, 2307.09288 eq. 2). */
export function pairLoss(winner: number, loser: number, margin = 0): number {
  return -logSigmoid(winner - loser - margin);
}

/**
 * Estimators of KL(pi || reference) from one sample y ~ pi with d = log pi(y) - log reference(y) (Schulman, "Approximating KL
 * Divergence"): k1 = d (unbiased), k2 = d^2 / 2 (biased, low variance), k3 = e^-d - 1 + d (unbiased, never negative).
 */
export function klEstimates(d: number): { readonly k1: number; readonly k2: number; readonly k3: number } {
  return { k1: d, k2: (d * d) / 2, k3: Math.expm1(-d) + d };
}

export type KlEstimator = 'k1' | 'k2' | 'k3';

/**
 * Reward per token: r_t = -beta k(log pi_old(y_t) - log pi_ref(y_t)), plus the score of the whole answer on its last token
 * (Ziegler et al. 1909.08593 eq. 2; InstructGPT 2203.02155 eq. 2: k1). The sum is score - beta * (k of the sequence).
 */
export function shapedRewards(
  policy: ArrayLike<number>,
  reference: ArrayLike<number>,
  score: number,
  beta: number,
  estimator: KlEstimator = 'k1',
): Float64Array {
  const rewards = new Float64Array(policy.length);
  for (let t = 0; t < rewards.length; t += 1) rewards[t] = -beta * klEstimates((policy[t] as number) - (reference[t] as number))[estimator];
  if (rewards.length > 0) rewards[rewards.length - 1] = (rewards[rewards.length - 1] as number) + score;
  return rewards;
}

export interface Advantages {
  readonly advantages: Float64Array;
  readonly returns: Float64Array;
}

/**
 * Generalised advantage estimation (Schulman et al. 1506.02438 eq. 16): delta_t = r_t + gamma V_(t+1) - V_t with V = 0 after the
 * last token, A_t = delta_t + gamma lambda A_(t+1), returns = A + V (before any whitening).
 */
export function generalisedAdvantages(rewards: ArrayLike<number>, values: ArrayLike<number>, gamma: number, lambda: number): Advantages {
  const advantages = new Float64Array(rewards.length);
  const returns = new Float64Array(rewards.length);
  let nextAdvantage = 0;
  let nextValue = 0;
  for (let t = rewards.length - 1; t >= 0; t -= 1) {
    const value = values[t] as number;
    const delta = (rewards[t] as number) + gamma * nextValue - value;
    nextAdvantage = delta + gamma * lambda * nextAdvantage;
    nextValue = value;
    advantages[t] = nextAdvantage;
    returns[t] = nextAdvantage + value;
  }
  return { advantages, returns };
}

/** Mean and variance over every element of ragged rows. */
export function moments(
  rows: readonly ArrayLike<number>[],
  ddof: 0 | 1,
): { readonly count: number; readonly mean: number; readonly variance: number } {
  let count = 0;
  let sum = 0;
  for (const row of rows) {
    count += row.length;
    for (let t = 0; t < row.length; t += 1) sum += row[t] as number;
  }
  const mean = sum / count;
  let squares = 0;
  for (const row of rows) for (let t = 0; t < row.length; t += 1) squares += ((row[t] as number) - mean) ** 2;
  return { count, mean, variance: squares / (count - ddof) };
}

/**
 * (x - mean) / sqrt(variance + 1e-8) over all elements of all rows: the whole batch at once, so that the result does not depend on
 * how it is cut. `ddof` 0 as lm-human-preferences and OpenRLHF do, 1 as TRL and verl do. `keepMean` adds the mean back
 * (for rewards: shifting them would change what a longer answer is worth).
 */
export function whiten(
  rows: readonly ArrayLike<number>[],
  options: { readonly ddof?: 0 | 1; readonly keepMean?: boolean } = {},
): Float64Array[] {
  const { ddof = 0, keepMean = false } = options;
  const { mean, variance } = moments(rows, ddof);
  const scale = 1 / Math.sqrt(variance + 1e-8);
  return rows.map((row) => Float64Array.from(row, (value) => (value - mean) * scale + (keepMean ? mean : 0)));
}

/**
 * Clipped surrogate of one token (Schulman et al. 1707.06347 eq. 7), with the ratio e^(new - old): max(-A ratio, -A clip(ratio, 1 - eps, 1 + eps)).
 * `dualClip` c > 1 bounds the loss of a negative advantage by -c A (Ye et al. 1912.09729).
 */
export function clippedPolicyLoss(advantage: number, ratio: number, clip: number, dualClip?: number): number {
  const loss = Math.max(-advantage * ratio, -advantage * Math.min(Math.max(ratio, 1 - clip), 1 + clip));
  return dualClip !== undefined && advantage < 0 ? Math.min(loss, -dualClip * advantage) : loss;
}

/** Clipped value loss of one token: max((v - R)^2, (clip(v, old - eps, old + eps) - R)^2) / 2 (as in OpenAI's PPO and lm-human-preferences). */
export function clippedValueLoss(value: number, oldValue: number, target: number, clip: number): number {
  const clipped = Math.min(Math.max(value, oldValue - clip), oldValue + clip);
  return Math.max((value - target) ** 2, (clipped - target) ** 2) / 2;
}

/**
 * One move of the adaptive controller (Ziegler et al. 1909.08593, section 2.2): e = clip(KL / target - 1, -0.2, 0.2),
 * beta <- beta (1 + e n / horizon), n = episodes in the batch, KL = sum over the tokens of an episode, mean over the batch.
 */
export function adaptKlCoefficient(
  beta: number,
  measured: number,
  options: { readonly target: number; readonly horizon: number; readonly episodes: number },
): number {
  const error = Math.min(Math.max(measured / options.target - 1, -0.2), 0.2);
  return beta * (1 + (error * options.episodes) / options.horizon);
}

export type MissingEos =
  | { readonly kind: 'none' }
  | { readonly kind: 'replace'; readonly score: number }
  | { readonly kind: 'subtract'; readonly penalty: number };

/**
 * What an answer that never ended is worth: its score replaced by a constant (lm-human-preferences; -1 there), or lowered by a
 * penalty (TRL's missing_eos_penalty), or left. Replacing and subtracting are not interchangeable: only the second still ranks cut-off answers.
 */
export function scoreWithEnding(score: number, ended: boolean, rule: MissingEos): number {
  if (ended || rule.kind === 'none') return score;
  return rule.kind === 'replace' ? rule.score : score - rule.penalty;
}

/** lm-human-preferences asks for 16 tokens before the end, or the answer gets a fixed score (Ziegler et al. 1909.08593, section 3.1.2). */
export interface MinimumLength {
  /** Tokens before the one that ends the answer; 1 = no empty answers. */
  readonly tokens: number;
  readonly score: number;
}

/**
 * A too short answer's score is replaced. A rule of the reward and not of the sampler: forbidding the end token there would cut the support,
 * and samples that the policy did not draw from its whole distribution make the KL negative.
 */
export function scoreWithLength(score: number, length: number, rule: MinimumLength | null): number {
  return rule !== null && length < rule.tokens ? rule.score : score;
}

/** How token losses become one number: the mean over all tokens of the batch, or the mean over answers of the mean over their tokens. */
export type LossAverage = 'tokens' | 'answers';

/**
 * Weight of each token of answers of these lengths, laid flat; they sum to 1. `tokens` lets long answers count for more, `answers`
 * lets a token of a long answer count for less.
 */
export function tokenWeights(lengths: readonly number[], average: LossAverage): Float64Array {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  return Float64Array.from(
    lengths.flatMap((length) => Array<number>(length).fill(1 / (average === 'tokens' ? total : length * lengths.length))),
  );
}

/** -sum p log p in nats of a distribution given as log-probabilities. */
export function entropyOf(logProbs: ArrayLike<number>): number {
  let entropy = 0;
  for (let token = 0; token < logProbs.length; token += 1) {
    const logProb = logProbs[token] as number;
    if (logProb > -Infinity) entropy -= Math.exp(logProb) * logProb;
  }
  return entropy;
}

/** Count, mean and sum of squared distances from it, updated one value at a time (Welford 1962). Plain JSON. */
export interface RunningMoments {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

export const noMoments: RunningMoments = { count: 0, mean: 0, squares: 0 };

export function addMoment({ count, mean, squares }: RunningMoments, value: number): RunningMoments {
  const next = mean + (value - mean) / (count + 1);
  return { count: count + 1, mean: next, squares: squares + (value - mean) * (value - next) };
}

/** Mean over its standard error s / sqrt(n) with n - 1; 0 where nothing varies and the mean is 0. */
export function standardErrors({ count, mean, squares }: RunningMoments): number {
  return mean === 0 ? 0 : mean / Math.sqrt(squares / (count - 1) / count);
}

/** 1 - Var(returns - values) / Var(returns): 1 where the values foresee the returns, 0 where a constant does as well; NaN where returns do not vary. */
export function explainedVariance(values: readonly ArrayLike<number>[], returns: readonly ArrayLike<number>[]): number {
  const left = returns.map((row, index) =>
    Float64Array.from(row, (value, t) => value - ((values[index] as ArrayLike<number>)[t] as number)),
  );
  const total = moments(returns, 0).variance;
  return total === 0 ? Number.NaN : 1 - moments(left, 0).variance / total;
}
