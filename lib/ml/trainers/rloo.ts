import { z } from 'zod';
import { groupSurrogate, leaveOneOutAdvantages } from '#lib/ml/numerics-direct';
import { predictionBucket } from '#lib/ml/training/target-log-probs';
import { answerSums, paddedFloats } from './direct-rows';
import { groupConfigShape, wholeGroups, wholeGroupsMessage } from './group-config';
import { type GroupOptions, type GroupResult, trainByGroups } from './group-loop';
import { surrogateTensor } from './group-losses';
import { byGroup } from './group-rollouts';
import type { StepMetrics } from './trainer';

export const rlooConfig = z
  .object({
    ...groupConfigShape,
    /** K, samples of each prompt: the paper's 2 and 4; TRL 2. */
    samplesPerPrompt: z.number().int().min(2).default(4),
    /** beta, the price of one nat away from the reference, inside of the reward: TRL 0.05. */
    klCoefficient: z.number().min(0).default(0.05),
  })
  .refine(wholeGroups, { path: ['samplesPerPrompt'], message: wholeGroupsMessage });
export type RlooConfig = z.infer<typeof rlooConfig>;

const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let index = 0; index < values.length; index += 1) total += values[index] as number;
  return total;
};

/**
 * REINFORCE with a leave-one-out baseline (Ahmadian et al. 2402.14740; Kool et al. 2019). A whole answer is one action:
 *
 *   R_i = r_i - beta (log pi_old(y_i) - log ref(y_i))            the KL inside of the reward, k1 summed over the answer
 *   A_i = R_i - mean over the other samples j of R_j             the baseline does not depend on y_i: unbiased
 *   L   = mean_i max(-A_i rho_i, -A_i clip(rho_i)),  rho_i = exp(log pi(y_i) - log pi_old(y_i))
 *
 * At the first update of a step rho = 1 and the gradient is -A grad log pi, the paper's; the clip (as TRL has it) only matters where a rollout batch serves
 * several updates. Its optimum is ref exp(r / beta) / Z. What is yielded and thrown: see trainByGroups.
 */
export async function* trainRloo(options: GroupOptions<RlooConfig>): AsyncGenerator<StepMetrics, GroupResult> {
  const { config, engine } = options;
  const clip = { low: config.clipLow, high: config.clipHigh };
  return yield* trainByGroups(options, {
    kind: 'rloo',
    advantages: ({ kls, samplesPerPrompt, scores }) => {
      const rewards = scores.map((score, index) => score - config.klCoefficient * (kls[index] as number));
      return byGroup(rewards, samplesPerPrompt).flatMap(leaveOneOutAdvantages);
    },
    loss: (logProbs, part) => {
      const count = predictionBucket(part.lengths.length);
      const floats = (values: readonly number[]) => paddedFloats(engine, values, count);
      const weight = 1 / part.allLengths.length;
      return surrogateTensor(
        engine,
        answerSums(engine, logProbs, part.lengths, part.rows.time), // [tokens] -> [answers]
        { old: floats(part.old.map(sum)), advantages: floats(part.advantages), weights: floats(part.lengths.map(() => weight)) },
        clip,
      );
    },
    report: (logProbs, { advantages, allLengths, old }) => {
      const answers = logProbs.map((row, index) =>
        groupSurrogate(advantages[index] as number, sum(row) - sum(old[index] as Float64Array), clip),
      );
      return {
        surrogate: sum(answers.map(({ loss }) => loss)) / allLengths.length,
        actions: answers.length,
        clipped: answers.filter(({ clipped }) => clipped).length,
      };
    },
  });
}
