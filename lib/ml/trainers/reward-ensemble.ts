import { z } from 'zod';
import { createRandom } from '#lib/domain/random';
import { mean } from '#lib/domain/statistics/summary';
import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import { type RankingReport, reportRankings } from '#lib/ml/evaluation/ranking-report';
import { combineMembers } from '#lib/ml/evaluation/reward-scorer';
import type { ScalarModel } from '#lib/ml/nn/language-model';
import { exportParameters, importParameters } from '#lib/ml/optim/state';
import type { Split } from '#lib/ml/training/examples';
import { type RewardTraining, trainReward } from './reward';
import type { RewardConfig } from './reward-config';
import { type DataNote, type RewardExample, rewardExamples } from './reward-data';
import { RewardPass } from './reward-pass';
import type { CheckpointData, StepMetrics } from './trainer';

const memberSchema = z.object({
  steps: z.number(),
  bestEpoch: z.number(),
  normalisation: z.object({ mean: z.number(), std: z.number() }),
  temperature: z.number().nullable(),
  /** On validation, by itself; null where there is none. */
  accuracy: z.number().nullable(),
});
export type EnsembleMember = z.infer<typeof memberSchema>;

export interface EnsembleResult {
  readonly steps: number;
  readonly members: readonly EnsembleMember[];
  /** Of the mean of the members' normalised scores. */
  readonly validation: RankingReport | null;
  readonly test: RankingReport | null;
  /** Mean over the answers of validation (of training where there is none) of the standard deviation over members, in normalised points. */
  readonly spread: number;
  readonly notes: readonly DataNote[];
}

const checkpointState = z.object({
  kind: z.literal('reward-ensemble'),
  finished: z.array(memberSchema),
  /** Of the member that is being trained. */
  member: z.unknown(),
});

/** Seed of member `index` (from 0): of its scalar head, its data order and everything else of its training. */
export function memberSeed(seed: number, index: number): number {
  return seed + index;
}

function readState(state: CheckpointData, members: number) {
  const parsed = checkpointState.safeParse(state.json);
  if (parsed.success && parsed.data.finished.length < members) return parsed.data;
  throw new AppError('BAD_INPUT', 'The checkpoint is not one of a reward ensemble of this size, or it is damaged.', {
    remedy: 'Start the run anew.',
  });
}

const prefixOf = (index: number) => `member-${index + 1}.`;

/**
 * Trains the members of an ensemble one after the other on the same rankings, each with its own seed (Coste et al. 2310.02743: other heads and data
 * orders): model i comes with a head of `memberSeed(config.seed, i)`. Steps and metrics are those of `trainReward`, one member after the other; a
 * checkpoint holds the weights of the members that are ready. Throws as `trainReward` does; `state` resumes bit for bit.
 */
export async function* trainRewardEnsemble(
  options: Omit<RewardTraining, 'model'> & { readonly models: readonly ScalarModel[] },
): AsyncGenerator<StepMetrics, EnsembleResult> {
  const { config, models, state, ...common } = options;
  const resumed = state && readState(state, models.length);
  const finished: EnsembleMember[] = [...(resumed?.finished ?? [])];
  finished.forEach((_, index) => {
    importParameters((models[index] as ScalarModel).trunk.trainable, prefixOf(index), (state as CheckpointData).tensors);
  });
  let done = finished.reduce((sum, { steps }) => sum + steps, 0);
  for (const [index, model] of models.entries()) {
    if (index < finished.length) continue;
    const ready: Record<string, TensorData> = {};
    finished.forEach((_, before) => {
      exportParameters((models[before] as ScalarModel).trunk.trainable, prefixOf(before), ready);
    });
    const from = resumed && index === resumed.finished.length ? innerState(state as CheckpointData, resumed.member) : undefined;
    // inherits, so that settings that change while it runs (when to keep a checkpoint) change for the member too
    const ownConfig = Object.create(config, { seed: { value: memberSeed(config.seed, index), enumerable: true } }) as RewardConfig;
    const training = trainReward({ ...common, model, config: ownConfig, ...(from ? { state: from } : {}) });
    for (;;) {
      const next = await training.next();
      if (next.done) {
        const { bestEpoch, normalisation, steps, temperature, validation } = next.value;
        const accuracy = validation?.accuracy.defined ? validation.accuracy.value : null;
        finished.push({ steps, bestEpoch, normalisation, temperature, accuracy });
        done += steps;
        break;
      }
      yield outerStep(next.value, { member: index + 1, members: models.length, before: done, finished: [...finished], ready });
    }
  }
  return judgeEnsemble(options, finished, done);
}

function innerState(state: CheckpointData, json: unknown): CheckpointData {
  const { tensors } = state;
  const own = Object.entries(tensors).filter(([name]) => !name.startsWith('member-'));
  return { step: 0, tensors: Object.fromEntries(own), json };
}

function outerStep(
  inner: StepMetrics,
  at: {
    readonly member: number;
    readonly members: number;
    readonly before: number;
    readonly finished: readonly EnsembleMember[];
    readonly ready: Readonly<Record<string, TensorData>>;
  },
): StepMetrics {
  const step = at.before + inner.step;
  const { checkpoint, ...rest } = inner;
  return {
    ...rest,
    step,
    // members that stop early leave fewer
    totalSteps: at.before + inner.totalSteps * (at.members - at.member + 1),
    metrics: { ...inner.metrics, 'ensemble/member': at.member },
    ...(checkpoint
      ? {
          checkpoint: {
            step,
            tensors: { ...at.ready, ...checkpoint.tensors },
            json: { kind: 'reward-ensemble', finished: at.finished, member: checkpoint.json },
          },
        }
      : {}),
  };
}

function judgeEnsemble(
  { config, data, models }: Omit<RewardTraining, 'model'> & { readonly models: readonly ScalarModel[] },
  members: readonly EnsembleMember[],
  steps: number,
): EnsembleResult {
  const { examples, notes } = rewardExamples(data, config, (models[0] as ScalarModel).config.contextLength);
  const combined = (split: Split) => {
    const of = examples[split];
    const scores = models.map((model, index) => {
      const pass = new RewardPass(model, config);
      const { mean: centre, std } = (members[index] as EnsembleMember).normalisation;
      try {
        return pass.scoreAll(of).map((row) => row.map((score) => (score - centre) / std));
      } finally {
        pass.dispose();
      }
    });
    return of.map((_, example) =>
      combineMembers(
        scores.map((member) => member[example] as number[]),
        { kind: 'mean' },
      ),
    );
  };
  const reportOf = (split: Split): RankingReport | null => {
    if (examples[split].length === 0) return null;
    const scores = combined(split);
    const rankings = examples[split].map((example: RewardExample, index) => ({
      promptId: example.promptId,
      scores: scores[index]?.total ?? [],
      lengths: example.answers.map(({ length }) => length),
      pairs: example.pairs,
    }));
    return reportRankings(rankings, createRandom(config.seed, 'reward', split));
  };
  const spread = mean(combined(examples.VALIDATION.length > 0 ? 'VALIDATION' : 'TRAIN').flatMap((row) => row.spread));
  return { steps, members, validation: reportOf('VALIDATION'), test: reportOf('TEST'), spread, notes };
}
