import { pairedDifference } from '#lib/domain/statistics/difference';
import type { Estimate } from '#lib/domain/statistics/estimate';
import type { TokenRow } from '#lib/ml/batches';
import type { Engine } from '#lib/ml/engine/engine';
import { responseLogProbs } from '#lib/ml/forward';
import type { LanguageModel } from '#lib/ml/nn/language-model';

export interface Divergence {
  /** log pi(y) - log reference(y) summed over the tokens of each answer, nats. */
  readonly perAnswer: readonly number[];
  /** KL(pi || reference) in nats an answer: the mean of `perAnswer` (k1), Student's t interval. */
  readonly kl: Estimate;
}

/** KL of `policy` to `reference` on answers that `policy` itself sampled at `temperature`. */
export function policyDivergence(options: {
  readonly engine: Engine;
  readonly policy: LanguageModel;
  readonly reference: LanguageModel;
  readonly rows: readonly TokenRow[];
  readonly temperature: number;
  readonly batchSize?: number;
}): Divergence {
  const { engine, rows, temperature, batchSize = 64 } = options;
  const sums = (model: LanguageModel) =>
    responseLogProbs(engine, model, rows, { temperature, batchSize }).map((row) => row.reduce((total, value) => total + value, 0));
  const ours = sums(options.policy);
  const theirs = sums(options.reference);
  return { perAnswer: ours.map((value, index) => value - (theirs[index] as number)), kl: pairedDifference(ours, theirs) };
}
