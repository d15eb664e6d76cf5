import { z } from 'zod';
import { createRandom } from '#lib/domain/random';
import { mean, standardDeviation } from '#lib/domain/statistics/summary';
import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import { bucketCount, chunk, filledUp, type TokenRow } from '#lib/ml/batches';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { type RankingReport, reportRankings } from '#lib/ml/evaluation/ranking-report';
import { breathe, packFor, rowScores } from '#lib/ml/forward';
import type { ScalarModel } from '#lib/ml/nn/language-model';
import { scheduleConfig, scheduleFactor } from '#lib/ml/optim/schedule';
import { exportParameters, exportTraining, importParameters, startTraining } from '#lib/ml/optim/state';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import { type FlatPairs, flattenPairs, type JudgedPair, judgedPairs, type RankedPrompt } from './reward-pairs';
import type { CheckpointData, SampleRow, StepMetrics } from './trainer';

/** Defaults are those published for models of billions of parameters; lib/domain/training-presets.ts holds those tried out on small ones. */
export const rewardConfig = z.object({
  seed: z.number().int().min(0).default(1),
  /** InstructGPT 2203.02155 appendix C trains one epoch (more overfits there); we keep the epoch of the best calibrated validation loss instead. */
  epochs: z.number().int().min(1).max(100).default(1),
  /** Stop after this many epochs without a better calibrated validation loss (see ranking-report.ts): more epochs than one mostly make scores too sure. */
  patience: z.number().int().min(1).default(2),
  /** Prompts an update, with all their answers: InstructGPT, 64. */
  batchPrompts: z.number().int().min(1).default(64),
  /** InstructGPT's 6B reward model: 9e-6. */
  learningRate: z.number().positive().default(9e-6),
  /** InstructGPT: cosine to 10 % of the start, no warm-up. */
  schedule: scheduleConfig.default({ kind: 'cosine', warmup: 0, floor: 0.1 }),
  /** InstructGPT: Adam 0.9, 0.95. */
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.95),
  /** Kingma and Ba 2015. */
  epsilon: z.number().positive().default(1e-8),
  /** AdamW (1711.05101); TRL's reward trainer leaves it at 0. */
  weightDecay: z.number().min(0).default(0),
  /** Global L2 norm of the gradient; TRL: 1. */
  maxGradientNorm: z.number().positive().default(1),
  /** c in c * mean(score^2) over all scores of a batch: holds the free constant near 0 (after 2312.09244; TRL's example: 0.01). */
  centering: z.number().min(0).default(0.01),
  /** Forward passes without gradient, rows at a time. */
  scoreBatchSize: z.number().int().min(1).default(64),
  /** Updates between checkpoints; one more is kept after each epoch. */
  checkpointEvery: z.number().int().min(1).default(100),
  /** Fixed validation prompts whose answers and scores are shown after each epoch. */
  samplePrompts: z.number().int().min(0).default(4),
});
export type RewardConfig = z.infer<typeof rewardConfig>;

export interface RewardResult {
  readonly steps: number;
  /** The epoch (from 1) whose weights the model holds now: the one of lowest calibrated validation loss, or the last where there is no validation. */
  readonly bestEpoch: number;
  /** Subtract the mean and divide by the standard deviation: then the scores of the training answers have mean 0 and deviation 1. */
  readonly normalisation: { readonly mean: number; readonly std: number };
  readonly validation: RankingReport | null;
  /** Rankings of split TEST, which chose nothing; null where there are none. */
  readonly test: RankingReport | null;
}

interface Example {
  readonly promptId: string;
  readonly rows: readonly TokenRow[];
  readonly ids: readonly string[];
  readonly pairs: readonly JudgedPair[];
}

const checkpointState = z.object({
  kind: z.literal('reward'),
  seed: z.number(),
  step: z.number(),
  totalSteps: z.number(),
  bestEpoch: z.number(),
  bestLoss: z.number().nullable(),
  epochsSinceBest: z.number(),
});

function parseState(json: unknown): z.infer<typeof checkpointState> {
  const parsed = checkpointState.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new AppError('BAD_INPUT', 'The checkpoint is not one of a reward training run, or it is damaged.', {
    remedy: 'Start the run anew.',
  });
}

/**
 * Batch loss: sum over pairs of w ((1 - t) D - log sigmoid(D)) + c mean(score^2), with D = score[first] - score[second]; by `flattenPairs` the
 * mean over prompts of InstructGPT eq. 1. `scores` [n].
 */
export function rankingLossTensor(engine: Engine, scores: Tensor, pairs: FlatPairs, centering: number): Tensor {
  const column = engine.reshape(scores, [scores.shape[0] as number, 1]); // [n] -> [n, 1]
  // pairs that are added up to a number that comes often weigh nothing
  const count = bucketCount(pairs.first.length);
  const pick = (indices: Int32Array) =>
    engine.reshape(engine.gatherRows(column, engine.int(filledUp(indices, count, 0), [count])), [count]); // [p, 1] -> [p]
  const numbers = (values: Float32Array) => engine.float(filledUp(values, count, 0), [count]);
  const difference = engine.sub(pick(pairs.first), pick(pairs.second));
  const against = numbers(pairs.targets.map((target) => 1 - target));
  const each = engine.sub(engine.mul(difference, against), engine.logSigmoid(difference));
  const ranking = engine.sum(engine.mul(each, numbers(pairs.weights)));
  return centering === 0 ? ranking : engine.add(ranking, engine.mul(engine.mean(engine.square(scores)), centering));
}

function toExamples(data: readonly RankedPrompt[], split: RankedPrompt['split']): Example[] {
  return data
    .filter((prompt) => prompt.split === split)
    .map((prompt) => ({
      promptId: prompt.promptId,
      rows: prompt.responses.map((response) => ({ prompt: prompt.prompt, response: response.tokens })),
      ids: prompt.responses.map((response) => response.responseId),
      pairs: judgedPairs(prompt),
    }))
    .filter((example) => example.pairs.length > 0);
}

/**
 * Trains `model` (trunk of the SFT policy, fresh scalar head) in place on the rankings of split TRAIN, one update a step. When the generator returns, the model
 * holds the best epoch's weights. Throws BAD_INPUT where nothing is ranked, INVARIANT where a loss or gradient is not finite, CANCELLED on
 * abort. `state` resumes bit for bit under the same config and engine mode.
 */
export async function* trainReward(options: {
  readonly engine: Engine;
  readonly model: ScalarModel;
  readonly tokenizer: Tokenizer;
  readonly data: readonly RankedPrompt[];
  readonly config: RewardConfig;
  readonly signal: AbortSignal;
  readonly state?: CheckpointData;
}): AsyncGenerator<StepMetrics, RewardResult> {
  const { engine, model, tokenizer, config, signal } = options;
  const train = toExamples(options.data, 'TRAIN');
  const validation = toExamples(options.data, 'VALIDATION');
  const test = toExamples(options.data, 'TEST');
  if (train.length === 0) {
    throw new AppError('BAD_INPUT', 'No ranking in the training split compares two answers; there is nothing to learn from.', {
      remedy: 'Collect rankings of training prompts first.',
    });
  }
  const stepsPerEpoch = Math.ceil(train.length / config.batchPrompts);
  const totalSteps = stepsPerEpoch * config.epochs;
  const resumed = options.state === undefined ? undefined : parseState(options.state.json);
  if (resumed !== undefined && (resumed.seed !== config.seed || resumed.totalSteps !== totalSteps)) {
    throw new AppError('BAD_INPUT', 'The checkpoint was written under another seed, other data or another number of epochs.', {
      remedy: 'Start the run anew.',
    });
  }
  let step = resumed?.step ?? 0;
  let bestEpoch = resumed?.bestEpoch ?? 0;
  let bestLoss = resumed?.bestLoss ?? null;
  let epochsSinceBest = resumed?.epochsSinceBest ?? 0;
  const adam = startTraining(engine, model.parameters, 'model', options.state && { tensors: options.state.tensors, updates: step });
  let best: Record<string, TensorData> = {};
  if (options.state && bestEpoch > 0) {
    best = Object.fromEntries(Object.entries(options.state.tensors).filter(([name]) => name.startsWith('best.')));
  }

  const checkpoint = (): CheckpointData => {
    const tensors: Record<string, TensorData> = { ...best };
    exportTraining(model.parameters, adam, 'model', tensors);
    const json: z.infer<typeof checkpointState> = {
      kind: 'reward',
      seed: config.seed,
      step,
      totalSteps,
      bestEpoch,
      bestLoss,
      epochsSinceBest,
    };
    return { step, tensors, json };
  };

  const scoreAll = (examples: readonly Example[]): number[][] => {
    const rows = examples.flatMap((example) => example.rows);
    const scores = rowScores(engine, model, rows, { batchSize: config.scoreBatchSize });
    let start = 0;
    return examples.map((example) => {
      start += example.rows.length;
      return scores.slice(start - example.rows.length, start);
    });
  };
  const report = (examples: readonly Example[], scores: readonly number[][], name: string): RankingReport =>
    reportRankings(
      examples.map((example, index) => ({
        promptId: example.promptId,
        scores: scores[index] as number[],
        lengths: example.rows.map((row) => row.response.length),
        pairs: example.pairs,
      })),
      createRandom(config.seed, 'reward', name),
    );

  const update = (batch: readonly Example[]): Record<string, number> => {
    const rows = batch.flatMap((example) => example.rows);
    const pairs = flattenPairs(batch.map((example) => ({ responses: example.rows.length, pairs: example.pairs })));
    const packed = packFor(model, rows);
    const { loss, gradients, aux } = engine.gradients(
      model.parameters,
      () => {
        const scores = model.scores(packed.tokens, packed.batch, packed.time, packed.lastTokens);
        return { loss: rankingLossTensor(engine, scores, pairs, config.centering), aux: { scores: engine.stopGradient(scores) } };
      },
      { recorded: true },
    );
    const scores = Array.from(engine.read(aux.scores as Tensor));
    engine.dispose(aux.scores as Tensor);
    if (!Number.isFinite(loss)) {
      engine.dispose([...gradients.values()]);
      throw new AppError('INVARIANT', `The reward loss is ${loss} at update ${step + 1}.`, {
        details: { check: 'finite-loss', step: step + 1 },
        remedy: 'Lower the learning rate and resume from the last checkpoint.',
      });
    }
    const { clipped, norm } = engine.clipByGlobalNorm(gradients, config.maxGradientNorm);
    const learningRate = config.learningRate * scheduleFactor(config.schedule, step, totalSteps);
    engine.adam(model.parameters, clipped, adam, { ...config, learningRate });
    let correct = 0;
    let judged = 0;
    let offset = 0;
    for (const example of batch) {
      for (const pair of example.pairs) {
        const difference = (scores[offset + pair.first] as number) - (scores[offset + pair.second] as number);
        correct += difference > 0 ? pair.wins : difference < 0 ? pair.losses : 0;
        judged += pair.wins + pair.losses;
      }
      offset += example.rows.length;
    }
    return {
      'train/loss': loss,
      ...(judged > 0 ? { 'train/accuracy': correct / judged } : {}),
      'train/scoreMean': mean(scores),
      'train/scoreStd': standardDeviation(scores, 0),
      'train/gradientNorm': norm,
      'train/learningRate': learningRate,
    };
  };

  try {
    while (step < totalSteps && epochsSinceBest < config.patience) {
      await breathe(signal);
      const epoch = Math.floor(step / stepsPerEpoch);
      // The order of an epoch is a function of (seed, epoch): the step alone is the data cursor.
      const order = createRandom(config.seed, 'reward', 'order', epoch).shuffle(train);
      const metrics = update(chunk(order, config.batchPrompts)[step % stepsPerEpoch] as Example[]);
      step += 1;
      metrics.epoch = step / stepsPerEpoch;
      let samples: SampleRow[] | undefined;
      const epochEnds = step % stepsPerEpoch === 0;
      if (epochEnds && validation.length > 0) {
        const scores = scoreAll(validation);
        const result = report(validation, scores, 'validation');
        Object.assign(metrics, reportMetrics('validation', result));
        samples = sampleRows(validation.slice(0, config.samplePrompts), scores, tokenizer);
        epochsSinceBest += 1;
        if (bestLoss === null || result.calibratedLoss < bestLoss) {
          bestLoss = result.calibratedLoss;
          bestEpoch = epoch + 1;
          epochsSinceBest = 0;
          best = {};
          exportParameters(model.parameters, 'best.', best);
        }
      } else if (epochEnds) bestEpoch = epoch + 1;
      const keep = epochEnds || step % config.checkpointEvery === 0;
      yield { step, totalSteps, phase: 'reward', metrics, ...(samples ? { samples } : {}), ...(keep ? { checkpoint: checkpoint() } : {}) };
    }
    if (bestLoss !== null) importParameters(model.parameters, 'best.', best);
    const scores = scoreAll(train).flat();
    const std = standardDeviation(scores, 0);
    if (!(std > 0)) {
      throw new AppError('INVARIANT', 'The reward model gives every training answer the same score.', {
        details: { check: 'score-spread' },
        remedy: 'Raise the learning rate or the number of epochs, or look at the rankings: do they prefer anything?',
      });
    }
    return {
      steps: step,
      bestEpoch,
      normalisation: { mean: mean(scores), std },
      validation: validation.length === 0 ? null : report(validation, scoreAll(validation), 'validation'),
      test: test.length === 0 ? null : report(test, scoreAll(test), 'test'),
    };
  } finally {
    adam.dispose();
  }
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

function sampleRows(examples: readonly Example[], scores: readonly number[][], tokenizer: Tokenizer): SampleRow[] {
  return examples.flatMap((example, e) =>
    example.rows.map((row, k) => ({
      promptId: example.promptId,
      sampleIndex: k,
      text: tokenizer.decode(row.response, { skipSpecial: true }),
      scores: { reward: scores[e]?.[k] as number },
    })),
  );
}
