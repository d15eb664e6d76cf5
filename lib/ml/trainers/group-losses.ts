import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { type ClipRange, logRatioLimit } from '#lib/ml/numerics-direct';

/**
 * Clipped surrogate over actions, tokens (GRPO) or whole answers (RLOO): sum_i w_i max(-A r, -A clip(r, 1 - low, 1 + high)), r = exp(new - old). At the first
 * update r is 1 and the gradient is REINFORCE's, -A grad log pi. All inputs `[n]`; only `logProbs` carries a gradient.
 */
export function surrogateTensor(
  engine: Engine,
  logProbs: Tensor,
  rollout: { readonly old: Tensor; readonly advantages: Tensor; readonly weights: Tensor },
  { high, low }: ClipRange,
): Tensor {
  const ratio = engine.exp(engine.clip(engine.sub(logProbs, rollout.old), -logRatioLimit, logRatioLimit));
  const against = engine.neg(rollout.advantages);
  const each = engine.maximum(engine.mul(against, ratio), engine.mul(against, engine.clip(ratio, 1 - low, 1 + high)));
  return engine.sum(engine.mul(each, rollout.weights));
}

/**
 * KL to the reference as a term of the loss: sum_t w_t k3(d_t) with d = log pi - log ref and k3 = e^-d - 1 + d (GRPO, 2402.03300 eq. 4). All inputs `[n]`.
 *
 * What is differentiated is `gradient`: `k2` = d^2 / 2 has the gradient d grad log pi, which on the policy's own samples is that of KL(pi || ref); the paper's `k3`
 * has (1 - e^-d) grad log pi, that of KL(ref || pi), weaker than the other where pi has moved away and without bound where it has left an answer (trl#4967).
 */
export function klTermTensor(engine: Engine, logProbs: Tensor, reference: Tensor, weights: Tensor, gradient: 'k2' | 'k3'): Tensor {
  const d = engine.clip(engine.sub(logProbs, reference), -logRatioLimit, logRatioLimit);
  const k3 = engine.add(engine.sub(engine.exp(engine.neg(d)), 1), d);
  if (gradient === 'k3') return engine.sum(engine.mul(k3, weights));
  const k2 = engine.mul(engine.square(d), 0.5);
  return engine.sum(engine.mul(engine.add(k2, engine.stopGradient(engine.sub(k3, k2))), weights));
}
