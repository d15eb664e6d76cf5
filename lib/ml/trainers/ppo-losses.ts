import type { Engine, Tensor } from '#lib/ml/engine/engine';

/**
 * log ratios are held to +-20 before the exponential, so that one absurd token cannot make the loss infinite (verl's core_algos does the
 * same); the clip of PPO acts long before.
 */
const logRatioLimit = 20;

/**
 * PPO's clipped surrogate (1707.06347 eq. 7) as the mean over all response tokens of the minibatch:
 * sum_t w_t max(-A r, -A clip(r, 1 - eps, 1 + eps)), r = exp(new - old), w = 1 / tokens. All inputs [n]; only `logProbs` carries a gradient.
 */
export function policyLossTensor(
  engine: Engine,
  logProbs: Tensor,
  rollout: { readonly old: Tensor; readonly advantages: Tensor; readonly weights: Tensor },
  clip: number,
): Tensor {
  const { advantages, old, weights } = rollout;
  const ratio = engine.exp(engine.clip(engine.sub(logProbs, old), -logRatioLimit, logRatioLimit));
  const against = engine.neg(advantages);
  const each = engine.maximum(engine.mul(against, ratio), engine.mul(against, engine.clip(ratio, 1 - clip, 1 + clip)));
  return engine.sum(engine.mul(each, weights));
}

/** Clipped value loss: sum_t w_t max((V - R)^2, (clip(V, V_old - eps, V_old + eps) - R)^2) / 2, w = 1 / tokens. All inputs [n]. */
export function valueLossTensor(
  engine: Engine,
  values: Tensor,
  rollout: { readonly old: Tensor; readonly returns: Tensor; readonly weights: Tensor },
  clip: number,
): Tensor {
  const { old, returns, weights } = rollout;
  const bounded = engine.add(old, engine.clip(engine.sub(values, old), -clip, clip));
  const free = engine.square(engine.sub(values, returns));
  const held = engine.square(engine.sub(bounded, returns));
  return engine.mul(engine.sum(engine.mul(engine.maximum(free, held), weights)), 0.5);
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
