import type { TokenRow } from '#lib/ml/batches';
import type { Engine } from '#lib/ml/engine/engine';
import { rowScores } from '#lib/ml/forward';
import type { ScalarModel } from '#lib/ml/nn/language-model';
import type { RewardScorer } from '#lib/ml/training/examples';

/** A reward model with the statistics that its training left. */
export interface RewardMember {
  readonly model: ScalarModel;
  readonly normalisation: { readonly mean: number; readonly std: number };
}

/** Makes a scorer of a reward model: (raw - mean) / std with the statistics that its training left, rows in batches. */
export function createRewardScorer(
  options: RewardMember & { readonly engine: Engine; readonly batchSize?: number },
): (rows: readonly TokenRow[]) => number[] {
  const { engine, model, normalisation, batchSize = 64 } = options;
  return (rows) => rowScores(engine, model, rows, { batchSize }).map((score) => (score - normalisation.mean) / normalisation.std);
}

/**
 * What an ensemble says of an answer on which its members say r_1 .. r_m, each on its normalised scale (Coste et al. 2310.02743): their mean; the worst,
 * min r_i (worst-case optimisation); or mean - lambda variance, variance = mean (r_i - mean)^2 (uncertainty-weighted optimisation).
 */
export type EnsembleRule =
  | { readonly kind: 'mean' }
  | { readonly kind: 'worst' }
  | { readonly kind: 'meanMinusVariance'; readonly lambda: number };

/** `members[i][a]`: normalised score of answer a by member i. `spread`: standard deviation over members. */
export function combineMembers(
  members: readonly (readonly number[])[],
  rule: EnsembleRule,
): { readonly total: number[]; readonly spread: number[] } {
  const answers = members[0]?.length ?? 0;
  const total: number[] = [];
  const spread: number[] = [];
  for (let answer = 0; answer < answers; answer += 1) {
    const scores = members.map((member) => member[answer] as number);
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length;
    total.push(rule.kind === 'worst' ? Math.min(...scores) : rule.kind === 'mean' ? mean : mean - rule.lambda * variance);
    spread.push(Math.sqrt(variance));
  }
  return { total, spread };
}

/** A scorer of one reward model or of an ensemble; `spread` is logged beside the total where there are several members. */
export function createEnsembleScorer(options: {
  readonly engine: Engine;
  readonly members: readonly RewardMember[];
  readonly rule: EnsembleRule;
  readonly batchSize?: number;
}): RewardScorer {
  const { batchSize, engine, members, rule } = options;
  const scorers = members.map((member) => createRewardScorer({ engine, ...member, ...(batchSize === undefined ? {} : { batchSize }) }));
  return (answers) => {
    const { spread, total } = combineMembers(
      scorers.map((score) => score(answers)),
      rule,
    );
    return members.length > 1 ? { total, parts: { spread } } : { total };
  };
}
