/**
 * The arithmetic of direct and group methods on plain numbers; `numerics.ts` has that of reward models and PPO. What needs a gradient has its
 * tensor twin beside the trainer that uses it; the tests hold the two together.
 */
import { logSigmoid, moments, sigmoid } from './numerics';

export interface PairLossConfig {
  /**
   * With h = (log pi - log ref)(chosen) - (log pi - log ref)(rejected), the log-probabilities summed over an answer's tokens:
   * - `sigmoid`: DPO (Rafailov et al. 2305.18290 eq. 7), -log sigmoid(beta h); with labelSmoothing e > 0 cDPO (Mitchell 2023),
   *   -(1 - e) log sigmoid(beta h) - e log sigmoid(-beta h), for labels of which a share e is wrong
   * - `robust`: the same noise, unbiased (Chowdhury et al. 2403.00409 eq. 11): (-(1 - e) log sigmoid(beta h) + e log sigmoid(-beta h)) / (1 - 2e)
   * - `ipo`: (h - 1 / (2 beta))^2 (Azar et al. 2310.12036 eq. 17, where beta is called tau)
   * - `hinge`: max(0, 1 - beta h) (SLiC, Zhao et al. 2305.10425; Liu et al. 2309.06657)
   */
  readonly loss: 'sigmoid' | 'robust' | 'ipo' | 'hinge';
  readonly beta: number;
  readonly labelSmoothing: number;
}

/** Loss of one pair with the difference of log-ratios `h`. */
export function directPairLoss(h: number, { beta, labelSmoothing, loss }: PairLossConfig): number {
  const z = beta * h;
  switch (loss) {
    case 'sigmoid':
      return -(1 - labelSmoothing) * logSigmoid(z) - labelSmoothing * logSigmoid(-z);
    case 'robust':
      return (-(1 - labelSmoothing) * logSigmoid(z) + labelSmoothing * logSigmoid(-z)) / (1 - 2 * labelSmoothing);
    case 'ipo':
      return (h - 1 / (2 * beta)) ** 2;
    case 'hinge':
      return Math.max(0, 1 - z);
  }
}

/**
 * Loss of one labelled answer with the log-ratio `r` = log pi(y) - log ref(y) (KTO, Ethayarajh et al. 2402.01306 eq. 8):
 * lambda (1 - sigmoid(beta (r - z0))) for a desirable answer, lambda (1 - sigmoid(beta (z0 - r))) for an undesirable one.
 */
export function labelledAnswerLoss(
  r: number,
  label: { readonly desirable: boolean; readonly z0: number; readonly beta: number; readonly weight: number },
): number {
  const z = label.beta * (r - label.z0);
  return label.weight * (1 - sigmoid(label.desirable ? z : -z));
}

/**
 * Leave-one-out advantages of the K samples of one prompt (RLOO; Kool et al. 2019; Ahmadian et al. 2402.14740 eq. 8):
 * A_i = r_i - mean of the others = K / (K - 1) (r_i - mean). A baseline that does not depend on its own sample leaves the gradient unbiased.
 */
export function leaveOneOutAdvantages(rewards: readonly number[]): number[] {
  const sum = rewards.reduce((total, reward) => total + reward, 0);
  return rewards.map((reward) => reward - (sum - reward) / (rewards.length - 1));
}

/**
 * Advantages of the K samples of one prompt: (r - mean) / (std + epsilon) with ddof 1 (GRPO, Shao et al. 2402.03300 section 4.1.2), or r - mean
 * (`mean-only`: Dr.GRPO, Liu et al. 2503.20783). All 0 where the samples are worth the same, whatever rounding does to the mean.
 */
export function groupAdvantages(rewards: readonly number[], normalise: 'group' | 'mean-only', epsilon: number): number[] {
  const first = rewards[0] as number;
  if (rewards.every((reward) => reward === first)) return rewards.map(() => 0);
  const { mean, variance } = moments([rewards], 1);
  const scale = normalise === 'group' ? 1 / (Math.sqrt(variance) + epsilon) : 1;
  return rewards.map((reward) => (reward - mean) * scale);
}

/**
 * How the losses of tokens become one number:
 * - `token`: mean over all tokens of the batch (DAPO, Yu et al. 2503.14476 eq. 8): every token weighs the same, long answers count for more
 * - `sequence`: mean over answers of the mean over their tokens (GRPO, 2402.03300 eq. 3): a token of a long answer counts for less, so that a long bad answer
 *   is punished less a token
 * - `constant`: sum over tokens, divided by answers times a constant, the longest an answer may be (Dr.GRPO, 2503.20783): no bias by length
 */
type LossAggregation = 'token' | 'sequence' | 'constant';

/** Weight of each token of answers of these lengths, laid flat. */
export function aggregationWeights(lengths: readonly number[], aggregation: LossAggregation, longest: number): Float64Array {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const weight = (length: number) => {
    if (aggregation === 'token') return 1 / tokens;
    return 1 / (lengths.length * (aggregation === 'sequence' ? length : longest));
  };
  return Float64Array.from(lengths.flatMap((length) => Array<number>(length).fill(weight(length))));
}

/** How far the ratio may go below and above 1; DAPO: further up, so that unlikely tokens can still become likely. */
export interface ClipRange {
  readonly low: number;
  readonly high: number;
}

/** Bound on log ratios before the exponential, so that one absurd value cannot make the loss infinite; the clip acts long before. */
export const logRatioLimit = 20;

/** Clipped surrogate of one action, a token or an answer: max(-A r, -A clip(r, 1 - low, 1 + high)), r = exp(logRatio). */
export function groupSurrogate(
  advantage: number,
  logRatio: number,
  { high, low }: ClipRange,
): { readonly loss: number; readonly clipped: boolean } {
  const ratio = Math.exp(Math.min(Math.max(logRatio, -logRatioLimit), logRatioLimit));
  const free = -advantage * ratio;
  const held = -advantage * Math.min(Math.max(ratio, 1 - low), 1 + high);
  return { loss: Math.max(free, held), clipped: held > free };
}
