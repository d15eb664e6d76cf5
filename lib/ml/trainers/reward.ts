import { z } from 'zod';
import { createRandom } from '#lib/domain/random';
import { mean, standardDeviation } from '#lib/domain/statistics/summary';
import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import { chunk, type TokenRow } from '#lib/ml/batches';
import type { Engine, Parameters } from '#lib/ml/engine/engine';
import { type RankingReport, reportRankings, temperatureOf } from '#lib/ml/evaluation/ranking-report';
import { breathe } from '#lib/ml/forward';
import type { ScalarModel } from '#lib/ml/nn/language-model';
import { scheduleFactor } from '#lib/ml/optim/schedule';
import { exportParameters, exportTraining, importParameters, startTraining } from '#lib/ml/optim/state';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import { batchOf, stepsPerEpoch } from '#lib/ml/training/data-order';
import { createUpdater } from '#lib/ml/training/update';
import { checkRewardConfig, type RewardConfig } from './reward-config';
import { type DataNote, type RewardExample, rewardExamples } from './reward-data';
import { judgementWeight, type RankedPrompt } from './reward-pairs';
import { lengthDifference, RewardPass } from './reward-pass';
import { type LearnedTerms, RewardTerms, type TermState, termStateSchema } from './reward-terms';
import type { CheckpointData, SampleRow, StepMetrics } from './trainer';

interface Normalisation {
  readonly mean: number;
  readonly std: number;
}

export interface RewardResult {
  readonly steps: number;
  /** The epoch (from 1) whose weights the model holds now: the one of lowest calibrated validation loss, or the last where there is no validation. */
  readonly bestEpoch: number;
  /**
   * Subtract the mean and divide by the standard deviation: then the scores of the training answers, or of the answers of a reference policy where
   * they were given (lm-human-preferences), have mean 0 and deviation 1.
   */
  readonly normalisation: Normalisation;
  /** The same of each head of an ensemble on one trunk, the model's own head first. */
  readonly byHead: readonly Normalisation[];
  /**
   * T of P(better) = sigmoid(difference of raw scores / T), the one that suits the validation rankings best (Guo et al. 1706.04599); null where there
   * are none, or where they say that the scores order no better than chance, or all rightly.
   */
  readonly temperature: number | null;
  /** Of ties and annotators, as learned; null where the config has none. */
  readonly terms: LearnedTerms | null;
  readonly validation: RankingReport | null;
  /** Rankings of split TEST, which chose nothing; null where there are none. */
  readonly test: RankingReport | null;
  /** What was odd in the data, how often, and how it was handled. */
  readonly notes: readonly DataNote[];
}

const checkpointState = z.object({
  kind: z.literal('reward'),
  seed: z.number(),
  step: z.number(),
  totalSteps: z.number(),
  bestEpoch: z.number(),
  bestLoss: z.number().nullable(),
  epochsSinceBest: z.number(),
  terms: termStateSchema,
  bestTerms: termStateSchema,
});

function parseState(json: unknown, expected: { readonly seed: number; readonly totalSteps: number }): z.infer<typeof checkpointState> {
  const parsed = checkpointState.safeParse(json);
  if (!parsed.success) {
    throw new AppError('BAD_INPUT', 'The checkpoint is not one of a reward training run, or it is damaged.', {
      remedy: 'Start the run anew.',
    });
  }
  if (parsed.data.seed === expected.seed && parsed.data.totalSteps === expected.totalSteps) return parsed.data;
  throw new AppError('BAD_INPUT', 'The checkpoint was written under another seed, other data or another number of epochs.', {
    remedy: 'Start the run anew.',
  });
}

export interface RewardTraining {
  readonly engine: Engine;
  readonly model: ScalarModel;
  readonly tokenizer: Tokenizer;
  readonly data: readonly RankedPrompt[];
  readonly config: RewardConfig;
  readonly signal: AbortSignal;
  /** Answers of a reference policy: then their scores are normalised to mean 0 and deviation 1, not those of the training answers. */
  readonly referenceAnswers?: readonly TokenRow[];
  /** More heads on the same trunk, which are trained with it (`createHeads`): the score is then their mean. */
  readonly heads?: Parameters;
  readonly state?: CheckpointData;
}

const tieParameter = { soft: null, drop: null, davidson: 'nu', raoKupper: 'theta' } as const;

/**
 * Trains `model` (trunk of the SFT policy, fresh scalar head) in place on the rankings of split TRAIN, one update a step: what is trained is
 * `model.trunk.trainable`. When the generator returns, the model holds the best epoch's weights. Throws BAD_INPUT naming what in the data cannot be
 * learned from, INVARIANT where a loss or gradient is not finite, CANCELLED on abort. `state` resumes bit for bit under the same config and
 * engine mode.
 */
export async function* trainReward(options: RewardTraining): AsyncGenerator<StepMetrics, RewardResult> {
  const { config, engine, model, signal, tokenizer } = options;
  checkRewardConfig(config);
  const { examples, notes } = rewardExamples(options.data, config, model.config.contextLength);
  const { TEST: test, TRAIN: train, VALIDATION: validation } = examples;
  if (train.length === 0) {
    throw new AppError('BAD_INPUT', 'No ranking in the training split compares two answers; there is nothing to learn from.', {
      remedy: 'Collect rankings of training prompts first.',
    });
  }
  const trainable: Parameters = new Map([...model.trunk.trainable, ...(options.heads ?? [])]);
  const epochSteps = stepsPerEpoch(train.length, config.batchSize);
  const totalSteps = epochSteps * config.epochs;
  const resumed = options.state && parseState(options.state.json, { seed: config.seed, totalSteps });
  let { bestEpoch, bestLoss, epochsSinceBest, step } = resumed ?? { bestEpoch: 0, bestLoss: null, epochsSinceBest: 0, step: 0 };
  const trainPairs = train.flatMap(({ pairs }) => pairs);
  const startTerms = (state: TermState | undefined) => new RewardTerms(config.terms, tieParameter[config.ties], trainPairs, state);
  let terms = startTerms(resumed?.terms);
  let bestTerms = resumed?.bestTerms ?? {};
  const adam = startTraining(engine, trainable, 'model', options.state && { tensors: options.state.tensors, updates: step });
  const updater = createUpdater({ engine, name: 'reward', parameters: trainable, adam, config });
  const pass = new RewardPass(model, config, [...(options.heads?.values() ?? [])]);
  let best: Record<string, TensorData> = {};
  if (options.state && bestEpoch > 0) {
    best = Object.fromEntries(Object.entries(options.state.tensors).filter(([name]) => name.startsWith('best.')));
  }

  const checkpoint = (): CheckpointData => {
    const tensors: Record<string, TensorData> = { ...best };
    exportTraining(trainable, adam, 'model', tensors);
    const { seed } = config;
    const json: z.infer<typeof checkpointState> = {
      kind: 'reward',
      seed,
      step,
      totalSteps,
      bestEpoch,
      bestLoss,
      epochsSinceBest,
      terms: terms.state(),
      bestTerms,
    };
    return { step, tensors, json };
  };

  const report = (of: readonly RewardExample[], scores: readonly number[][], name: string): RankingReport =>
    reportRankings(
      of.map((example, index) => ({
        promptId: example.promptId,
        scores: scores[index] as number[],
        lengths: example.answers.map(({ length }) => length),
        pairs: example.pairs,
      })),
      createRandom(config.seed, 'reward', name),
    );

  const update = (batch: readonly RewardExample[]): Record<string, number> => {
    const learningRate = config.learningRate * scheduleFactor(config.schedule, step, totalSteps);
    const microbatches = chunk(batch, config.microbatchSize ?? batch.length).map((part) => pass.microbatch(part, batch, terms));
    const done = updater.step(
      microbatches.map(({ run }) => run),
      { learningRate, step: step + 1 },
    );
    const scores = microbatches.flatMap(({ cut }, index) => cut(done.aux[index]?.scores as Float32Array));
    const { accuracy, evidence } = judge(batch, scores);
    terms.update(evidence, judgementWeight(evidence.map(({ pair }) => pair)) / judgementWeight(trainPairs));
    const all = scores.flat();
    return {
      'train/loss': done.loss,
      ...(accuracy === null ? {} : { 'train/accuracy': accuracy }),
      'train/scoreMean': mean(all),
      'train/scoreStd': standardDeviation(all, 0),
      'train/gradientNorm': done.gradientNorm,
      'train/learningRate': learningRate,
      ...terms.metrics(),
    };
  };

  const evaluate = (epoch: number): { metrics: Record<string, number>; samples: SampleRow[] } => {
    const scores = pass.scoreAll(validation);
    const result = report(validation, scores, 'validation');
    epochsSinceBest += 1;
    if (bestLoss === null || result.calibratedLoss < bestLoss) {
      bestLoss = result.calibratedLoss;
      bestEpoch = epoch;
      epochsSinceBest = 0;
      best = {};
      exportParameters(trainable, 'best.', best);
      bestTerms = terms.state();
    }
    return {
      metrics: reportMetrics('validation', result),
      samples: sampleRows(validation.slice(0, config.samplePrompts), scores, tokenizer),
    };
  };

  try {
    while (step < totalSteps && epochsSinceBest < config.patience) {
      await breathe(signal);
      const metrics = update(batchOf(train, { seed: config.seed, name: 'reward', batchSize: config.batchSize, step }));
      step += 1;
      metrics.epoch = step / epochSteps;
      let samples: SampleRow[] | undefined;
      const epochEnds = step % epochSteps === 0;
      if (epochEnds && validation.length > 0) {
        const evaluated = evaluate(step / epochSteps);
        Object.assign(metrics, evaluated.metrics);
        samples = evaluated.samples;
      } else if (epochEnds) bestEpoch = step / epochSteps;
      const keep = epochEnds || step % config.checkpointEvery === 0;
      yield { step, totalSteps, phase: 'reward', metrics, ...(samples ? { samples } : {}), ...(keep ? { checkpoint: checkpoint() } : {}) };
    }
    if (bestLoss !== null) {
      importParameters(trainable, 'best.', best);
      terms = startTerms(bestTerms);
    }
    const rankings = (of: readonly RewardExample[], name: string) => (of.length === 0 ? null : report(of, pass.scoreAll(of), name));
    const validated = rankings(validation, 'validation');
    const yardstick = options.referenceAnswers?.map(({ prompt, response }) => ({ prompt, answers: [response] })) ?? train;
    const byHead = pass.scoreByHead(yardstick).map(normalisationOf);
    return {
      steps: step,
      bestEpoch,
      normalisation: byHead[0] as Normalisation,
      byHead,
      temperature: validated && temperatureOf(validated),
      terms: terms.learned ? terms.result() : null,
      validation: validated,
      test: rankings(test, 'test'),
      notes,
    };
  } finally {
    pass.dispose();
    adam.dispose();
  }
}

function normalisationOf(scores: readonly number[]): Normalisation {
  const std = standardDeviation(scores, 0);
  if (std > 0) return { mean: mean(scores), std };
  throw new AppError('INVARIANT', 'The reward model gives every answer the same score.', {
    details: { check: 'score-spread' },
    remedy: 'Raise the learning rate or the number of epochs, or look at the rankings: do they prefer anything?',
  });
}

/** Accuracy over judgements that prefer one answer (equal scores are wrong), and the differences that terms are learned from. */
function judge(batch: readonly RewardExample[], scores: readonly (readonly number[])[]) {
  let correct = 0;
  let judged = 0;
  const evidence = batch.flatMap((example, index) =>
    example.pairs.map((pair) => {
      const difference = (scores[index]?.[pair.first] as number) - (scores[index]?.[pair.second] as number);
      correct += difference > 0 ? pair.wins : difference < 0 ? pair.losses : 0;
      judged += pair.wins + pair.losses;
      return { pair, difference, lengths: lengthDifference(example, pair) };
    }),
  );
  return { accuracy: judged > 0 ? correct / judged : null, evidence };
}

function reportMetrics(prefix: string, report: RankingReport): Record<string, number> {
  return {
    [`${prefix}/loss`]: report.loss,
    [`${prefix}/calibratedLoss`]: report.calibratedLoss,
    ...(report.accuracy.defined
      ? {
          [`${prefix}/accuracy`]: report.accuracy.value,
          [`${prefix}/accuracyLow`]: report.accuracy.low,
          [`${prefix}/accuracyHigh`]: report.accuracy.high,
        }
      : {}),
    ...(report.lengthBaseline.defined ? { [`${prefix}/lengthBaseline`]: report.lengthBaseline.value } : {}),
    ...(report.calibrationError === null ? {} : { [`${prefix}/calibrationError`]: report.calibrationError }),
  };
}

function sampleRows(examples: readonly RewardExample[], scores: readonly number[][], tokenizer: Tokenizer): SampleRow[] {
  return examples.flatMap((example, e) =>
    example.answers.map((answer, k) => ({
      promptId: example.promptId,
      sampleIndex: k,
      text: tokenizer.decode(answer, { skipSpecial: true }),
      scores: { reward: scores[e]?.[k] as number },
    })),
  );
}
