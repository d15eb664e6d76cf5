import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { clippedPolicyLoss } from '#lib/ml/numerics';

/**
 * log ratios are held to +-20 before the exponential, so that one absurd token cannot make the loss infinite (verl's core_algos does the
 * same); the clip of PPO acts long before.
 */
const logRatioLimit = 20;

/** Larger than any loss of a token: no bound. */
const unbounded = 1e30;

/**
 * PPO's clipped surrogate (1707.06347 eq. 7), weighted over the response tokens of the minibatch:
 * sum_t w_t max(-A r, -A clip(r, 1 - eps, 1 + eps)), r = exp(new - old); where `bounds` are given, at most bounds_t (see `dualClipBounds`).
 * All inputs [n]; only `logProbs` carries a gradient.
 */
export function policyLossTensor(
  engine: Engine,
  logProbs: Tensor,
  rollout: { readonly old: Tensor; readonly advantages: Tensor; readonly weights: Tensor; readonly bounds?: Tensor },
  clip: number,
): Tensor {
  const { advantages, bounds, old, weights } = rollout;
  const ratio = engine.exp(engine.clip(engine.sub(logProbs, old), -logRatioLimit, logRatioLimit));
  const against = engine.neg(advantages);
  const clipped = engine.maximum(engine.mul(against, ratio), engine.mul(against, engine.clip(ratio, 1 - clip, 1 + clip)));
  const each = bounds === undefined ? clipped : engine.minimum(clipped, bounds);
  return engine.sum(engine.mul(each, weights));
}

/** Dual clip (Ye et al. 1912.09729 eq. 5): the loss of a token with negative advantage is at most -c A; others have no bound. */
export function dualClipBounds(advantages: ArrayLike<number>, dualClip: number): Float32Array {
  return Float32Array.from(advantages, (advantage) => (advantage < 0 ? -dualClip * advantage : unbounded));
}

/** Clipped value loss: sum_t w_t max((V - R)^2, (clip(V, V_old - eps, V_old + eps) - R)^2) / 2. All inputs [n]. */
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

/**
 * KL to the reference as a term of the loss: sum_t w_t k3(d), d = log pi - log ref, with the gradient of k2, which is d grad log pi: on samples of pi itself the
 * gradient of KL(pi || ref). The gradient of k3 would be that of KL(ref || pi), and that of k1 would be 0 on average. All inputs [n].
 */
export function klLossTensor(engine: Engine, logProbs: Tensor, reference: Tensor, weights: Tensor): Tensor {
  const d = engine.clip(engine.sub(logProbs, reference), -logRatioLimit, logRatioLimit);
  const k2 = engine.mul(engine.square(d), 0.5);
  const k3 = engine.add(engine.sub(engine.exp(engine.neg(d)), 1), d);
  return engine.sum(engine.mul(engine.add(k2, engine.stopGradient(engine.sub(k3, k2))), weights));
}

/** Entropy -sum p log p in nats of each row of logits: `[n, vocabulary]` -> `[n]`. */
export function entropyTensor(engine: Engine, logits: Tensor): Tensor {
  const logProbs = engine.logSoftmax(logits);
  return engine.neg(engine.sum(engine.mul(engine.exp(logProbs), logProbs), 1));
}

/** What one minibatch says about how far the policy has moved since the rollout; plain numbers. */
export interface RatioReport {
  /** The clipped surrogate, weighted. */
  readonly surrogate: number;
  /** Mean of (new - old)^2 / 2: k2, never negative. */
  readonly approxKl: number;
  /** Share of tokens where the clipped term is the larger one. */
  readonly clipFraction: number;
  /** Largest |new - old|. */
  readonly maxLogRatio: number;
}

export function reportRatios(
  logProbs: ArrayLike<number>,
  rollout: { readonly old: ArrayLike<number>; readonly advantages: ArrayLike<number>; readonly weights: ArrayLike<number> },
  clip: number,
  dualClip: number | null = null,
): RatioReport {
  const { advantages, old, weights } = rollout;
  let surrogate = 0;
  let squares = 0;
  let clipped = 0;
  let largest = 0;
  for (let t = 0; t < old.length; t += 1) {
    const difference = (logProbs[t] as number) - (old[t] as number);
    const ratio = Math.exp(Math.min(Math.max(difference, -logRatioLimit), logRatioLimit));
    const advantage = advantages[t] as number;
    surrogate += (weights[t] as number) * clippedPolicyLoss(advantage, ratio, clip, dualClip ?? undefined);
    squares += difference * difference;
    if (-advantage * Math.min(Math.max(ratio, 1 - clip), 1 + clip) > -advantage * ratio) clipped += 1;
    // Math.max keeps NaN.
    largest = Math.max(largest, Math.abs(difference));
  }
  return { surrogate, approxKl: squares / 2 / old.length, clipFraction: clipped / old.length, maxLogRatio: largest };
}
