import { AppError } from '#lib/errors';
import { addMoment, noMoments, type RunningMoments, standardErrors } from '#lib/ml/numerics';
import type { Episode, RewardScores } from '#lib/ml/training/examples';

/**
 * What has to hold in every run of PPO on a policy and its own samples. Each failure is one of the ways in which such runs go wrong in silence;
 * it stops the run with its name (`details.check`) and what to do.
 */

/** |log ratio| that rounding may leave between two runs of one forward pass in batches of other shapes. */
const ratioTolerance = 1e-3;
/** Answers over which the mean divergence is judged, and standard errors below 0 that are not chance any more (1 in 30,000). */
const judgedAnswers = 256;
const tooManyErrors = -4;

function violated(check: string, message: string, details: Record<string, unknown>, remedy: string): AppError {
  return new AppError('INVARIANT', message, { details: { check, ...details }, remedy });
}

/** Throws INVARIANT `finite-<tensor>` for the first value that is not finite. */
export function checkFinite(rows: readonly ArrayLike<number>[], tensor: string, step: number): void {
  for (const [answer, row] of rows.entries()) {
    for (let t = 0; t < row.length; t += 1) {
      if (Number.isFinite(row[t])) continue;
      throw violated(
        `finite-${tensor.replaceAll(' ', '-')}`,
        `The ${tensor} contain ${row[t]} at step ${step}.`,
        { tensor, step, answer, token: t },
        'Resume from the last checkpoint with a lower learning rate.',
      );
    }
  }
}

/** One finite score an answer, in total and in each part. Throws INVARIANT `one-score-an-answer` or `finite-scores`. */
export function checkScores({ parts = {}, total }: RewardScores, episodes: readonly Episode[], step: number): void {
  for (const [name, values] of [['total', total] as const, ...Object.entries(parts)]) {
    if (values.length !== episodes.length) {
      throw violated(
        'one-score-an-answer',
        `The reward gave ${values.length} scores (${name}) for ${episodes.length} answers at step ${step}.`,
        { part: name, step },
        'A reward has to answer with one number an answer, in their order.',
      );
    }
    const strange = values.findIndex((value) => !Number.isFinite(value));
    if (strange < 0) continue;
    throw violated(
      'finite-scores',
      `The reward of an answer to prompt ${episodes[strange]?.promptId} is ${values[strange]} (${name}) at step ${step}.`,
      { part: name, promptId: episodes[strange]?.promptId, step },
      'Look at what the reward says of this answer: a reward that cannot score has to fail, not to answer with a stand-in.',
    );
  }
}

/** Throws INVARIANT `first-ratio-is-one`: before the first update of a step the policy is the one that the rollout was judged by, so ratio 1 and KL 0. */
export function checkFirstRatio(maxLogRatio: number, step: number): void {
  // not <=: NaN fails too
  if (maxLogRatio <= ratioTolerance) return;
  throw violated(
    'first-ratio-is-one',
    `At step ${step} the policy disagrees with its own rollout before any update: log ratio ${maxLogRatio}.`,
    { step, maxLogRatio },
    'The forward passes of scoring and of training differ (temperature, dropout, positions, weights changed in between); report this with the run’s configuration.',
  );
}

/** Throws INVARIANT `first-kl-is-zero`, for a policy that starts as the reference: before any update their log-probabilities are the same. */
export function checkFirstKl(policy: readonly Float64Array[], reference: readonly Float64Array[]): void {
  let largest = 0;
  for (const [answer, row] of policy.entries()) {
    row.forEach((value, t) => {
      largest = Math.max(largest, Math.abs(value - (reference[answer]?.[t] as number)));
    });
  }
  if (largest <= ratioTolerance) return;
  throw violated(
    'first-kl-is-zero',
    `The policy starts as the reference, but their log-probabilities differ by ${largest} before any update.`,
    { step: 1, maxDifference: largest },
    'Give the model that the policy starts from as the reference, with the same tokenizer and temperature.',
  );
}

/**
 * k1 of answers that the policy sampled from its whole softmax is never negative on average. Collects answers over steps; as soon as there are 256
 * the mean is judged, and the collecting starts anew, so that divergence of long ago hides nothing.
 */
export class NegativeKlCheck {
  constructor(private collected: RunningMoments = noMoments) {}

  /** Part of the checkpoint. */
  get state(): RunningMoments {
    return this.collected;
  }

  /** Throws INVARIANT `negative-kl`. */
  add(kls: readonly number[], step: number): void {
    for (const kl of kls) this.collected = addMoment(this.collected, kl);
    if (this.collected.count < judgedAnswers) return;
    const { count, mean } = this.collected;
    const errors = standardErrors(this.collected);
    this.collected = noMoments;
    if (!(mean < -ratioTolerance && errors < tooManyErrors)) return;
    throw violated(
      'negative-kl',
      `The KL to the reference is negative at step ${step}: ${mean.toFixed(4)} nats an answer over ${count} answers, ${Math.abs(errors).toFixed(1)} standard errors below 0.`,
      { step, mean, answers: count, standardErrors: errors },
      'The answers are not samples of the policy as it is scored: look for a filter, a forced length, another temperature or another reading of the end token in sampling.',
    );
  }
}
