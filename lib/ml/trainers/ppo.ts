import { z } from 'zod';
import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import { chunk } from '#lib/ml/batches';
import type { Engine, Parameters } from '#lib/ml/engine/engine';
import { breathe } from '#lib/ml/forward';
import { checkPrompts } from '#lib/ml/generation/generate';
import type { LanguageModel, ScalarModel } from '#lib/ml/nn/language-model';
import { adaptKlCoefficient } from '#lib/ml/numerics';
import { Ema } from '#lib/ml/optim/ema';
import { scheduleFactor } from '#lib/ml/optim/schedule';
import { exportTraining, startTraining } from '#lib/ml/optim/state';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { RewardScorer, SftExample, TrainingPrompt } from '#lib/ml/training/examples';
import type { Reference } from '#lib/ml/training/reference';
import { sampleEpisodes } from '#lib/ml/training/sample-episodes';
import { TargetLogProbs } from '#lib/ml/training/target-log-probs';
import { TargetScores } from '#lib/ml/training/target-scores';
import type { UpdateReport } from '#lib/ml/training/update';
import { checkFirstKl, NegativeKlCheck } from './ppo-checks';
import type { PpoConfig } from './ppo-config';
import { judgeEpisodes, promptAt, type Readers, type Rollout } from './ppo-rollouts';
import { type RowLimits, readByEpisode } from './ppo-rows';
import { createPpoUpdates, type PolicyReport, type PpoUpdates } from './ppo-update';
import type { CheckpointData, SampleRow, StepMetrics } from './trainer';

export interface PpoResult {
  readonly steps: number;
  readonly klCoefficient: number;
  /** Of the last rollout, before its update: mean over episodes of the summed k1 to the reference. */
  readonly kl: number;
  /** The policy's weights with their moving average in place, merged with an adapter; with `emaDecay`. */
  readonly averaged: Readonly<Record<string, TensorData>> | null;
}

const checkpointState = z.object({
  kind: z.literal('ppo'),
  seed: z.number(),
  step: z.number(),
  totalSteps: z.number(),
  prompts: z.number(),
  rolloutBatchSize: z.number(),
  klCoefficient: z.number(),
  policyUpdates: z.number(),
  valueUpdates: z.number(),
  kl: z.number(),
  /** Of the check for a negative KL: divergences collected since it was judged last. */
  divergences: z.object({ count: z.number(), mean: z.number(), squares: z.number() }),
});
type CheckpointState = z.infer<typeof checkpointState>;

/** Throws BAD_INPUT for what is no checkpoint of this very run. */
function parseState(json: unknown, config: PpoConfig, prompts: number): CheckpointState {
  const parsed = checkpointState.safeParse(json);
  if (!parsed.success) {
    throw new AppError('BAD_INPUT', 'The checkpoint is not one of a PPO run, or it is damaged.', { remedy: 'Start the run anew.' });
  }
  const wanted = { seed: config.seed, totalSteps: config.steps, prompts, rolloutBatchSize: config.rolloutBatchSize };
  const other = (Object.keys(wanted) as (keyof typeof wanted)[]).find((key) => parsed.data[key] !== wanted[key]);
  if (other === undefined) return parsed.data;
  throw new AppError('BAD_INPUT', `The checkpoint was written with ${other} ${parsed.data[other]}; this run has ${wanted[other]}.`, {
    details: { key: other },
    remedy: 'Start the run anew.',
  });
}

export interface PpoOptions {
  readonly engine: Engine;
  /** Both are trained in place: `trunk.trainable`, the adapter where there is one. The value model starts as what the caller gives, best the reward model. */
  readonly policy: LanguageModel;
  readonly value: ScalarModel;
  readonly reference: Reference;
  readonly reward: RewardScorer;
  readonly prompts: readonly TrainingPrompt[];
  /** Prompts of the sample table; by default the first of `prompts`. */
  readonly samplePrompts?: readonly TrainingPrompt[];
  /** Texts of the pretraining mix; those of split TRAIN are used. */
  readonly pretraining?: readonly SftExample[];
  readonly tokenizer: Tokenizer;
  /** Tokens that end an answer; by default those of the policy. */
  readonly stopIds?: readonly number[];
  /** The policy begins as the reference (the caller compared their weights, or put a new adapter on it): then the KL of the first step has to be 0. */
  readonly startsAtReference?: boolean;
  /** Bytes that the models of the reference and the reward take in this process: sampling leaves room for them. */
  readonly otherModelsBytes?: number;
  readonly config: PpoConfig;
  readonly signal: AbortSignal;
  readonly state?: CheckpointData;
}

/**
 * PPO (Schulman et al. 1707.06347) on a scorer of whole answers with a KL penalty to `reference` (Ziegler et al. 1909.08593), a value model of its own, and
 * both trained in place. Yields once a step (rollout batch) and once before the first for the samples of the untrained policy.
 *
 * Throws INVARIANT naming the check that failed (see ppo-checks.ts), CANCELLED (or the signal's own AppError) on abort, BAD_INPUT for prompts that do not fit
 * and a checkpoint of another run. `state` resumes bit for bit under the same config, prompts and engine mode: every random stream is a function of
 * (seed, step), so step, coefficient, weights, moments, averages and collected divergences are all there is to keep.
 */
export async function* trainPpo(options: PpoOptions): AsyncGenerator<StepMetrics, PpoResult> {
  const { config, engine, policy, prompts, reference, reward, signal, tokenizer, value } = options;
  const pretraining = checkInputs(options);
  const resumed = options.state && parseState(options.state.json, config, prompts.length);
  const stored = options.state?.tensors;
  const stopIds = options.stopIds ?? policy.config.stopTokenIds;
  const tablePrompts = options.samplePrompts ?? prompts.slice(0, config.samplePrompts);
  const limits: RowLimits = {
    padTokenId: policy.config.padTokenId,
    contextLength: Math.min(policy.config.contextLength, value.config.contextLength),
  };
  let step = resumed?.step ?? 0;
  let klCoefficient = resumed?.klCoefficient ?? config.klCoefficient;
  let kl = resumed?.kl ?? 0;
  const negativeKl = new NegativeKlCheck(resumed?.divergences);
  const trained = { policy: policy.trunk.trainable, value: value.trunk.trainable };
  const policyAdam = startTraining(engine, trained.policy, 'policy', stored && { tensors: stored, updates: resumed?.policyUpdates ?? 0 });
  const valueAdam = startTraining(engine, trained.value, 'value', stored && { tensors: stored, updates: resumed?.valueUpdates ?? 0 });
  const ema = config.emaDecay === null ? undefined : new Ema(trained.policy, config.emaDecay, 'policy.average', stored);
  const updates = createPpoUpdates({ engine, policy, value, policyAdam, valueAdam, pretraining, limits, config });
  const { dispose: disposeReaders, readers } = createReaders(policy, value, reference, config.temperature);
  const orders = new Map<number, readonly TrainingPrompt[]>();

  const sample = (asked: readonly TrainingPrompt[], stream: string) =>
    sampleEpisodes({
      engine,
      policy,
      prompts: asked,
      samplesPerPrompt: 1,
      maxNewTokens: config.maxNewTokens,
      temperature: config.temperature,
      seed: config.seed,
      stream,
      stopIds,
      batchSize: config.generationBatchSize,
      memoryLimitBytes: Math.max(0, engine.memoryLimitBytes - heldBytes(options)),
      signal,
    });

  const checkpoint = (): CheckpointData => {
    const tensors: Record<string, TensorData> = {};
    exportTraining(trained.policy, policyAdam, 'policy', tensors);
    exportTraining(trained.value, valueAdam, 'value', tensors);
    ema?.exportInto(tensors);
    const json: CheckpointState = {
      kind: 'ppo',
      seed: config.seed,
      step,
      totalSteps: config.steps,
      prompts: prompts.length,
      rolloutBatchSize: config.rolloutBatchSize,
      klCoefficient,
      policyUpdates: policyAdam.step,
      valueUpdates: valueAdam.step,
      kl,
      divergences: negativeKl.state,
    };
    return { step, tensors, json };
  };

  /** The same prompts with the same sampling noise every time: what changes between two tables is the policy. */
  const sampleTable = async (): Promise<SampleRow[]> => {
    if (tablePrompts.length === 0) return [];
    const episodes = await sample(tablePrompts, 'samples');
    const { total } = await reward(episodes, signal);
    const { policy: ours, reference: theirs } = readByEpisode(episodes, limits, config.scoreBatchSize, {
      policy: readers.policy,
      reference: readers.reference,
    });
    return episodes.map((episode, index) => ({
      promptId: episode.promptId,
      sampleIndex: 0,
      text: tokenizer.decode(episode.response, { skipSpecial: true }),
      scores: {
        reward: total[index] as number,
        kl: sum(ours[index] as Float64Array) - sum(theirs[index] as Float64Array),
        length: episode.response.length,
      },
    }));
  };

  try {
    if (step === 0 && tablePrompts.length > 0)
      yield { step: 0, totalSteps: config.steps, phase: 'ppo', metrics: {}, samples: await sampleTable() };
    while (step < config.steps) {
      await breathe(signal);
      const started = performance.now();
      const asked = Array.from({ length: config.rolloutBatchSize }, (_, place) =>
        promptAt(prompts, config.seed, step * config.rolloutBatchSize + place, orders),
      );
      const episodes = await sample(asked, `rollout ${step}`);
      const generated = performance.now();
      await breathe(signal);
      const rollout = await judgeEpisodes({ episodes, readers, limits, reward, beta: klCoefficient, step: step + 1, config, signal });
      if (step === 0 && options.startsAtReference) checkFirstKl(rollout.logProbs, rollout.referenceLogProbs);
      negativeKl.add(rollout.kls, step + 1);
      const judged = performance.now();
      const factor = scheduleFactor(config.schedule, step, config.steps);
      const updated = await innerEpochs({ updates, rollout, beta: klCoefficient, factor, step, config, signal });
      ema?.update();
      const finished = performance.now();
      kl = rollout.kl;
      if (config.adaptiveKl !== null)
        klCoefficient = adaptKlCoefficient(klCoefficient, kl, { ...config.adaptiveKl, episodes: episodes.length });
      step += 1;
      const last = step === config.steps;
      const samples = last || step % config.evaluateEvery === 0 ? await sampleTable() : [];
      yield {
        step,
        totalSteps: config.steps,
        phase: 'ppo',
        metrics: {
          ...rollout.metrics,
          ...updated,
          'policy/learningRate': config.policyLearningRate * factor,
          'time/generate': (generated - started) / 1000,
          'time/score': (judged - generated) / 1000,
          'time/update': (finished - judged) / 1000,
        },
        ...(samples.length > 0 ? { samples } : {}),
        ...(last || step % config.checkpointEvery === 0 ? { checkpoint: checkpoint() } : {}),
      };
    }
    return { steps: step, klCoefficient, kl, averaged: ema?.withAverages(() => policy.exportWeights()) ?? null };
  } finally {
    updates.dispose();
    disposeReaders();
    policyAdam.dispose();
    valueAdam.dispose();
  }
}

/** Throws BAD_INPUT for what no step could be made with; returns the texts of the pretraining mix. */
function checkInputs({ config, policy, pretraining = [], prompts }: PpoOptions): readonly SftExample[] {
  if (prompts.length === 0) {
    throw new AppError('BAD_INPUT', 'There are no prompts to train the policy on.', { remedy: 'Add prompts of the training split.' });
  }
  checkPrompts(
    policy,
    prompts.map(({ tokens }) => tokens),
    prompts.map(({ promptId }) => promptId),
  );
  const texts = config.ptx === null ? [] : pretraining.filter(({ split }) => split === 'TRAIN');
  if (config.ptx === null || texts.length > 0) return texts;
  throw new AppError('BAD_INPUT', 'The pretraining mix (ptx) is on, but there are no texts of the training split.', {
    remedy: 'Give SFT examples, or set ptx to null.',
  });
}

/** Bytes of what this process holds beside the policy's weights, which sampling counts itself: value model, both models' moments, and the caller's models. */
function heldBytes({ otherModelsBytes = 0, policy, value }: PpoOptions): number {
  const numbers = (parameters: Parameters) =>
    [...parameters.values()].reduce((total, { shape }) => total + shape.reduce((product, length) => product * length, 1), 0);
  const moments = 2 * (numbers(policy.trunk.trainable) + numbers(value.trunk.trainable));
  return 4 * (numbers(value.parameters) + moments) + otherModelsBytes;
}

function createReaders(policy: LanguageModel, value: ScalarModel, reference: Reference, temperature: number) {
  const logProbs = new TargetLogProbs(policy.trunk);
  const scores = new TargetScores(value);
  const readers: Readers = {
    policy: (rows) => logProbs.read(rows, { temperature, recorded: true }),
    reference: (rows) => reference.logProbs(rows, temperature),
    value: (rows) => scores.read(rows, rows.predictedFrom),
  };
  return {
    readers,
    dispose() {
      logProbs.dispose();
      scores.dispose();
    },
  };
}

/** All updates of one step, with their metrics. */
async function innerEpochs(options: {
  readonly updates: PpoUpdates;
  readonly rollout: Rollout;
  readonly beta: number;
  /** Of the schedule, on both learning rates. */
  readonly factor: number;
  /** From 0. */
  readonly step: number;
  readonly config: PpoConfig;
  readonly signal: AbortSignal;
}): Promise<Record<string, number>> {
  const { beta, config, factor, rollout, signal, step, updates } = options;
  const policyReports: PolicyReport[] = [];
  const valueReports: UpdateReport[] = [];
  let pretrainingRatio: number | undefined;
  let held = step < config.valueWarmup;
  let skipped = 0;
  for (let epoch = 0; epoch < config.innerEpochs; epoch += 1) {
    const order = createRandom(config.seed, 'ppo', 'minibatches', step, epoch).shuffle([...rollout.episodes.keys()]);
    for (const indices of chunk(order, config.minibatchSize)) {
      await breathe(signal);
      const minibatch = { indices, rollout, beta };
      if (held) skipped += 1;
      else {
        const first = policyReports.length === 0;
        if (first && config.ptx !== null) pretrainingRatio = updates.pretrainingRatio(minibatch);
        const report = updates.policy(minibatch, { learningRate: config.policyLearningRate * factor, first, step: step + 1 });
        policyReports.push(report);
        // The update that showed the distance is not made, nor is any later one of this step.
        if (!report.applied) {
          held = true;
          skipped += 1;
        }
      }
      valueReports.push(updates.value(minibatch, { learningRate: config.valueLearningRate * factor, step: step + 1 }));
    }
  }
  return {
    ...policySummary(policyReports),
    ...(pretrainingRatio === undefined ? {} : { 'policy/ptxGradientRatio': pretrainingRatio }),
    'value/loss': average(valueReports.map(({ loss }) => loss)),
    'value/gradientNorm': average(valueReports.map(({ gradientNorm }) => gradientNorm)),
    'policy/skippedUpdates': skipped,
  };
}

const sum = (row: ArrayLike<number>): number => {
  let total = 0;
  for (let index = 0; index < row.length; index += 1) total += row[index] as number;
  return total;
};
const average = (values: readonly number[]): number => sum(values) / values.length;

/** Means over the updates of a step; nothing where none was tried. */
function policySummary(reports: readonly PolicyReport[]): Record<string, number> {
  const [first] = reports;
  if (first === undefined) return {};
  const applied = reports.filter((report) => report.applied);
  const optional = (name: string, values: readonly (number | undefined)[]) =>
    values[0] === undefined ? {} : { [name]: average(values as number[]) };
  return {
    'policy/loss': average(reports.map(({ surrogate }) => surrogate)),
    ...(applied.length === 0 ? {} : { 'policy/gradientNorm': average(applied.map(({ gradientNorm }) => gradientNorm)) }),
    'policy/approxKl': average(reports.map(({ approxKl }) => approxKl)),
    'policy/clipFraction': average(reports.map(({ clipFraction }) => clipFraction)),
    'policy/firstLogRatio': first.maxLogRatio,
    ...optional(
      'policy/distributionEntropy',
      reports.map(({ distributionEntropy }) => distributionEntropy),
    ),
    ...optional(
      'policy/ptxLoss',
      reports.map(({ pretrainingLoss }) => pretrainingLoss),
    ),
  };
}
