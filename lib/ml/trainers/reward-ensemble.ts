import { z } from 'zod';
import { createRandom } from '#lib/domain/random';
import { mean } from '#lib/domain/statistics/summary';
import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import type { Parameters } from '#lib/ml/engine/engine';
import { type RankingReport, reportRankings } from '#lib/ml/evaluation/ranking-report';
import { combineMembers } from '#lib/ml/evaluation/reward-scorer';
import type { ScalarModel } from '#lib/ml/nn/language-model';
import { exportParameters, importParameters } from '#lib/ml/optim/state';
import type { Split } from '#lib/ml/training/examples';
import { type RewardTraining, trainReward } from './reward';
import type { RewardConfig } from './reward-config';
import { type DataNote, type RewardExample, rewardExamples } from './reward-data';
import { memberSeed } from './reward-heads';
import { RewardPass } from './reward-pass';
import type { CheckpointData, StepMetrics } from './trainer';

const memberSchema = z.object({
  steps: z.number(),
  bestEpoch: z.number(),
  normalisation: z.object({ mean: z.number(), std: z.number() }),
  temperature: z.number().nullable(),
  /** On validation, by itself; null where there is none, and for heads of one trunk. */
  accuracy: z.number().nullable(),
});
type EnsembleMember = z.infer<typeof memberSchema>;

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
  const score: MemberScores = (prompts) =>
    models.map((model, index) => {
      const pass = new RewardPass(model, config);
      try {
        return normalised(pass.scoreAll(prompts).flat(), (finished[index] as EnsembleMember).normalisation);
      } finally {
        pass.dispose();
      }
    });
  const contextLength = (models[0] as ScalarModel).config.contextLength;
  return { steps: done, members: finished, ...judgeEnsemble(options, contextLength, score) };
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

/** Normalised scores of all answers, one array a member. */
type MemberScores = (prompts: readonly RewardExample[]) => number[][];

function normalised(scores: readonly number[], { mean: centre, std }: EnsembleMember['normalisation']): number[] {
  return scores.map((score) => (score - centre) / std);
}

/** What the mean of the members says of held-out rankings, and how far apart they are. */
function judgeEnsemble(
  { config, data }: Pick<RewardTraining, 'config' | 'data'>,
  contextLength: number,
  score: MemberScores,
): Pick<EnsembleResult, 'validation' | 'test' | 'spread' | 'notes'> {
  const { examples, notes } = rewardExamples(data, config, contextLength);
  const combined = (split: Split) => combineMembers(score(examples[split]), { kind: 'mean' });
  const reportOf = (split: Split): RankingReport | null => {
    if (examples[split].length === 0) return null;
    const { total } = combined(split);
    let at = 0;
    const rankings = examples[split].map(({ answers, pairs, promptId }) => {
      at += answers.length;
      return { promptId, pairs, scores: total.slice(at - answers.length, at), lengths: answers.map(({ length }) => length) };
    });
    return reportRankings(rankings, createRandom(config.seed, 'reward', split));
  };
  const { spread } = combined(examples.VALIDATION.length > 0 ? 'VALIDATION' : 'TRAIN');
  return { validation: reportOf('VALIDATION'), test: reportOf('TEST'), spread: mean(spread), notes };
}

/**
 * Trains an ensemble on one trunk: the model's own head and `heads` (`createHeads`), each on other prompts (`headShare`) and from another start. A pass costs
 * what it costs for one model; the members agree more than models of their own do. Steps, checkpoints and errors are those of `trainReward`.
 */
export async function* trainSharedEnsemble(
  options: RewardTraining & { readonly heads: Parameters },
): AsyncGenerator<StepMetrics, EnsembleResult> {
  const { config, heads, model } = options;
  const { bestEpoch, byHead, steps, temperature } = yield* trainReward(options);
  const members = byHead.map((normalisation) => ({ steps, bestEpoch, normalisation, temperature, accuracy: null }));
  const pass = new RewardPass(model, config, [...heads.values()]);
  try {
    const score: MemberScores = (prompts) =>
      pass.scoreByHead(prompts).map((scores, index) => normalised(scores, byHead[index] as EnsembleMember['normalisation']));
    return { steps, members, ...judgeEnsemble(options, model.config.contextLength, score) };
  } finally {
    pass.dispose();
  }
}
