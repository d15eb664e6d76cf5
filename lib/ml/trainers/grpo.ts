import { z } from 'zod';
import { aggregationWeights, groupAdvantages, groupSurrogate } from '#lib/ml/numerics-direct';
import { predictionBucket } from '#lib/ml/training/target-log-probs';
import { paddedFloats } from './direct-rows';
import { groupConfigShape, wholeGroups, wholeGroupsMessage } from './group-config';
import { type GroupOptions, type GroupPart, type GroupResult, trainByGroups } from './group-loop';
import { klTermTensor, surrogateTensor } from './group-losses';
import { byGroup } from './group-rollouts';
import type { StepMetrics } from './trainer';

export const grpoConfig = z
  .object({
    ...groupConfigShape,
    /** G, samples of each prompt: paper 64, TRL 8. */
    samplesPerPrompt: z.number().int().min(2).default(8),
    /** beta, the price of one nat a token in the loss: paper 0.04; TRL 0. */
    klCoefficient: z.number().min(0).default(0.04),
    /** What the KL term is differentiated as: `k2`, the gradient of KL(pi || ref), or `k3`, the paper's. Its value is k3 either way; see klTermTensor. */
    klGradient: z.enum(['k2', 'k3']).default('k2'),
    /** `group`: (r - mean) / (std + 1e-4), the paper's; `mean-only`: r - mean (Dr.GRPO), which leaves prompts where all answers are about as good as small as they are. */
    normalise: z.enum(['group', 'mean-only']).default('group'),
    /** Mean over `token`s of the batch (DAPO; TRL's default), over answers of their mean (`sequence`: the paper), or over a `constant` (Dr.GRPO). */
    lossAggregation: z.enum(['token', 'sequence', 'constant']).default('token'),
  })
  .refine(wholeGroups, { path: ['samplesPerPrompt'], message: wholeGroupsMessage });
export type GrpoConfig = z.infer<typeof grpoConfig>;

/** Beside the deviation of a group, so that one of nearly equal rewards is not blown up without bound: TRL 1e-4 (verl 1e-6, OpenRLHF 1e-9). */
const deviationFloor = 1e-4;

/**
 * Group relative policy optimisation (Shao et al. 2402.03300). Every token is an action with its answer's advantage:
 *
 *   A_i = (r_i - mean(r)) / (std(r) + 1e-4) over the samples of a prompt, ddof 1; all 0 in a group of equal rewards
 *   L   = sum_t w_t (max(-A r_t, -A clip(r_t)) + beta k3_t),  r_t = exp(log pi - log pi_old), k3 = e^-d - 1 + d, d = log pi - log ref
 *
 * with w of `lossAggregation`. Dividing by the deviation changes what is maximised: a prompt's objective counts for more where its rewards differ less. With
 * `mean-only` the optimum of a one-token answer is ref exp((1 - 1/K) r / beta) / Z: the mean holds the sample itself, so that the gradient of r is
 * (K - 1) / K of RLOO's. What is yielded and thrown: see trainByGroups.
 */
export async function* trainGrpo(options: GroupOptions<GrpoConfig>): AsyncGenerator<StepMetrics, GroupResult> {
  const { config, engine } = options;
  const clip = { low: config.clipLow, high: config.clipHigh };

  /** Weights of a part's tokens among all tokens of the update. */
  const weightsOf = ({ allLengths, first, lengths }: GroupPart) => {
    const before = allLengths.slice(0, first).reduce((sum, length) => sum + length, 0);
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    return aggregationWeights(allLengths, config.lossAggregation, config.maxNewTokens).subarray(before, before + tokens);
  };

  return yield* trainByGroups(options, {
    kind: 'grpo',
    advantages: ({ samplesPerPrompt, scores }) =>
      byGroup(scores, samplesPerPrompt).flatMap((group) => groupAdvantages(group, config.normalise, deviationFloor)),
    loss: (logProbs, part) => {
      const flat = (rows: readonly ArrayLike<number>[]) => rows.flatMap((row) => Array.from(row));
      const count = predictionBucket(part.rows.targets.length);
      const floats = (values: ArrayLike<number>) => paddedFloats(engine, values, count);
      const weights = weightsOf(part);
      const advantages = flat(part.lengths.map((length, index) => new Float64Array(length).fill(part.advantages[index] as number)));
      const surrogate = surrogateTensor(
        engine,
        logProbs,
        { old: floats(flat(part.old)), advantages: floats(advantages), weights: floats(weights) },
        clip,
      );
      if (config.klCoefficient === 0) return surrogate;
      const priced = floats(weights.map((weight) => weight * config.klCoefficient));
      return engine.add(surrogate, klTermTensor(engine, logProbs, floats(flat(part.reference)), priced, config.klGradient));
    },
    report: (logProbs, part) => {
      const weights = weightsOf(part);
      const report = { surrogate: 0, actions: 0, clipped: 0 };
      logProbs.forEach((row, index) => {
        row.forEach((value, t) => {
          const logRatio = value - (part.old[index]?.[t] as number);
          const { clipped, loss } = groupSurrogate(part.advantages[index] as number, logRatio, clip);
          report.surrogate += (weights[report.actions] as number) * loss;
          report.actions += 1;
          if (clipped) report.clipped += 1;
        });
      });
      return report;
    },
  });
}
