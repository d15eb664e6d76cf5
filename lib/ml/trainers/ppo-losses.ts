import type { Engine, Tensor } from '#lib/ml/engine/engine';

/**
 * log ratios are held to +-20 before the exponential, so that one absurd token cannot make the loss infinite (verl's core_algos does the
 * same); the clip of PPO acts long before.
 */
const logRatioLimit = 20;

/**
 * PPO's clipped surrogate (1707.06347 eq. 7) as the mean over all response tokens of the minibatch:
 * mean_t max(-A r, -A clip(r, 1 - eps, 1 + eps)), r = exp(new - old). All inputs [n]; `old` and `advantages` carry no gradient.
 */
export function policyLossTensor(engine: Engine, logProbs: Tensor, old: Tensor, advantages: Tensor, clip: number): Tensor {
  const ratio = engine.exp(engine.clip(engine.sub(logProbs, old), -logRatioLimit, logRatioLimit));
  const against = engine.neg(advantages);
  return engine.mean(engine.maximum(engine.mul(against, ratio), engine.mul(against, engine.clip(ratio, 1 - clip, 1 + clip))));
}

/** Clipped value loss: mean_t max((V - R)^2, (clip(V, V_old - eps, V_old + eps) - R)^2) / 2. All inputs [n]. */
export function valueLossTensor(engine: Engine, values: Tensor, old: Tensor, returns: Tensor, clip: number): Tensor {
  const bounded = engine.add(old, engine.clip(engine.sub(values, old), -clip, clip));
  const free = engine.square(engine.sub(values, returns));
  const held = engine.square(engine.sub(bounded, returns));
  return engine.mul(engine.mean(engine.maximum(free, held)), 0.5);
}

/** What one minibatch says about how far the policy has moved since the rollout; plain numbers. */
export interface RatioReport {
  /** Mean of (new - old)^2 / 2: k2, never negative. */
  readonly approxKl: number;
  /** Share of tokens where the clipped term is the larger one. */
  readonly clipFraction: number;
  /** Largest |new - old|. */
  readonly maxLogRatio: number;
}

export function reportRatios(
  logProbs: ArrayLike<number>,
  old: ArrayLike<number>,
  advantages: ArrayLike<number>,
  clip: number,
): RatioReport {
  let squares = 0;
  let clipped = 0;
  let largest = 0;
  for (let t = 0; t < old.length; t += 1) {
    const difference = (logProbs[t] as number) - (old[t] as number);
    const ratio = Math.exp(difference);
    const advantage = advantages[t] as number;
    squares += difference * difference;
    if (-advantage * Math.min(Math.max(ratio, 1 - clip), 1 + clip) > -advantage * ratio) clipped += 1;
    // Math.max keeps NaN.
    largest = Math.max(largest, Math.abs(difference));
  }
  return { approxKl: squares / 2 / old.length, clipFraction: clipped / old.length, maxLogRatio: largest };
}
