import { z } from 'zod';
import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import { chunk } from '#lib/ml/batches';
import type { Engine, Parameters, Tensor } from '#lib/ml/engine/engine';
import { breathe } from '#lib/ml/forward';
import { checkPrompts } from '#lib/ml/generation/generate';
import type { LanguageModel } from '#lib/ml/nn/language-model';
import { scheduleFactor } from '#lib/ml/optim/schedule';
import { exportTraining, startTraining } from '#lib/ml/optim/state';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { Episode, RewardScorer, TrainingPrompt } from '#lib/ml/training/examples';
import type { Reference } from '#lib/ml/training/reference';
import { sampleEpisodes } from '#lib/ml/training/sample-episodes';
import { TargetLogProbs } from '#lib/ml/training/target-log-probs';
import { createUpdater, type UpdateReport, type Updater } from '#lib/ml/training/update';
import { type AnswerRows, answersPerRow, groupByPrompt, layAnswers } from './direct-rows';
import { sampleTable } from './direct-samples';
import type { GroupConfig } from './group-config';
import { byGroup, type GroupRollout, judgeGroups, promptsOf } from './group-rollouts';
import { checkFirstKl, checkFirstRatio, NegativeKlCheck } from './ppo-checks';
import type { CheckpointData, StepMetrics } from './trainer';

export interface GroupResult {
  readonly steps: number;
  /** Of the last rollout, before its update: mean over episodes of the summed k1 to the reference. */
  readonly kl: number;
}

/** Episodes of one forward pass of an update; everything by episode, in the order of the rows. */
export interface GroupPart extends AnswerRows {
  /** Log-probabilities at the rollout, of policy and reference, by token. */
  readonly old: readonly Float64Array[];
  readonly reference: readonly Float64Array[];
  readonly advantages: readonly number[];
  /** Lengths of all answers of the update that this is a part of. */
  readonly allLengths: readonly number[];
  /** Place of this part's first answer among them. */
  readonly first: number;
}

interface SurrogateReport {
  readonly surrogate: number;
  readonly actions: number;
  readonly clipped: number;
}

/** What tells RLOO and GRPO apart. */
interface GroupAlgorithm {
  readonly kind: 'rloo' | 'grpo';
  /** One number an episode. */
  advantages(rollout: GroupRollout): number[];
  /** Of a part of an update, `logProbs` `[predictionBucket(tokens)]` with gradient; losses of all parts add up to that of the update. */
  loss(logProbs: Tensor, part: GroupPart): Tensor;
  /** The same on plain numbers, from new log-probabilities by episode: the part's share of the clipped surrogate, its actions, and those whose clipped term is the larger. */
  report(logProbs: readonly Float32Array[], part: GroupPart): SurrogateReport;
}

export interface GroupOptions<Config extends GroupConfig> {
  readonly engine: Engine;
  /** Trained in place: `trunk.trainable`, the adapter where there is one. */
  readonly policy: LanguageModel;
  readonly reference: Reference;
  /** The policy begins as the reference: then the KL of the first step has to be 0. */
  readonly startsAtReference?: boolean;
  readonly reward: RewardScorer;
  readonly prompts: readonly TrainingPrompt[];
  /** Prompts of the sample table; by default the first of `prompts`. */
  readonly samplePrompts?: readonly TrainingPrompt[];
  readonly tokenizer: Tokenizer;
  /** Tokens that end an answer; by default those of the policy. */
  readonly stopIds?: readonly number[];
  /** Bytes that the models of the reference and the reward take in this process: sampling leaves room for them. */
  readonly otherModelsBytes?: number;
  readonly config: Config;
  readonly signal: AbortSignal;
  readonly state?: CheckpointData;
}

const checkpointState = z.object({
  kind: z.string(),
  seed: z.number(),
  step: z.number(),
  totalSteps: z.number(),
  prompts: z.number(),
  rolloutBatchSize: z.number(),
  samplesPerPrompt: z.number(),
  updates: z.number(),
  kl: z.number(),
  divergences: z.object({ count: z.number(), mean: z.number(), squares: z.number() }),
});
type CheckpointState = z.infer<typeof checkpointState>;

/** Throws BAD_INPUT for what is no checkpoint of this very run. */
function parseState(json: unknown, wanted: Omit<CheckpointState, 'step' | 'updates' | 'kl' | 'divergences'>): CheckpointState {
  const parsed = checkpointState.safeParse(json);
  if (!parsed.success || parsed.data.kind !== wanted.kind) {
    throw new AppError('BAD_INPUT', `The checkpoint is not one of a ${wanted.kind.toUpperCase()} run, or it is damaged.`, {
      remedy: 'Start the run anew.',
    });
  }
  const other = (Object.keys(wanted) as (keyof typeof wanted)[]).find((key) => parsed.data[key] !== wanted[key]);
  if (other === undefined) return parsed.data;
  throw new AppError('BAD_INPUT', `The checkpoint was written with ${other} ${parsed.data[other]}; this run has ${wanted[other]}.`, {
    details: { key: other },
    remedy: 'Start the run anew.',
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function numbersOf(parameters: Parameters): number {
  return [...parameters.values()].reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
}

interface StepReport extends UpdateReport {
  readonly surrogate: number;
  readonly approxKl: number;
  readonly clipFraction: number;
  readonly maxLogRatio: number;
}

/** |new - old| of the tokens of an update: mean of their halved squares (k2), and the largest. */
function distance(parts: readonly { readonly part: GroupPart; readonly fresh: readonly Float32Array[] }[]) {
  let squares = 0;
  let tokens = 0;
  let largest = 0;
  for (const { fresh, part } of parts) {
    fresh.forEach((row, answer) => {
      row.forEach((value, t) => {
        const difference = value - (part.old[answer]?.[t] as number);
        squares += difference * difference;
        // Math.max keeps NaN.
        largest = Math.max(largest, Math.abs(difference));
      });
      tokens += row.length;
    });
  }
  return { approxKl: squares / 2 / tokens, maxLogRatio: largest };
}

function splitRows(values: Float32Array, lengths: readonly number[]): Float32Array[] {
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return values.subarray(at - length, at);
  });
}

/**
 * The loop of what learns from several samples of a prompt compared with each other, with no value model (RLOO, GRPO): sample, score, then
 * `innerEpochs` passes of updates over the batch, cut between prompts. Yields once before the first step for the samples of the untrained
 * policy, then once a step. Prompts are computed once for their samples wherever that pays.
 *
 * Throws INVARIANT naming the check that failed (ppo-checks.ts), CANCELLED (or the signal's own AppError) on abort, BAD_INPUT for prompts that do not fit and
 * a checkpoint of another run. Every random stream is a function of (seed, step): a checkpoint holds weights, moments, step and collected divergences.
 */
export async function* trainByGroups<Config extends GroupConfig>(
  options: GroupOptions<Config>,
  algorithm: GroupAlgorithm,
): AsyncGenerator<StepMetrics, GroupResult> {
  const { config, engine, policy, prompts, reference, reward, signal } = options;
  const { kind } = algorithm;
  if (prompts.length === 0) {
    throw new AppError('BAD_INPUT', 'There are no prompts to train the policy on.', { remedy: 'Add prompts of the training split.' });
  }
  const tokensOf = ({ tokens }: TrainingPrompt) => tokens;
  checkPrompts(
    policy,
    prompts.map(tokensOf),
    prompts.map(({ promptId }) => promptId),
  );
  const { rolloutBatchSize, samplesPerPrompt, seed, temperature } = config;
  const identity = { kind, seed, totalSteps: config.steps, prompts: prompts.length, rolloutBatchSize, samplesPerPrompt };
  const resumed = options.state && parseState(options.state.json, identity);
  const stored = options.state?.tensors;
  const { trainable } = policy.trunk;
  const adam = startTraining(engine, trainable, 'policy', stored && { tensors: stored, updates: resumed?.updates ?? 0 });
  const updater = createUpdater({ engine, name: 'policy', parameters: trainable, adam, config });
  const logProbs = new TargetLogProbs(policy.trunk);
  const negativeKl = new NegativeKlCheck(resumed?.divergences);
  const stopIds = options.stopIds ?? policy.config.stopTokenIds;
  const memoryLimitBytes = engine.memoryLimitBytes - 8 * numbersOf(trainable) - (options.otherModelsBytes ?? 0);
  const perRow = answersPerRow({
    prompt: mean(prompts.map(({ tokens }) => tokens.length)),
    answer: config.maxNewTokens,
    count: samplesPerPrompt,
    width: policy.config.hiddenSize,
  });
  let step = resumed?.step ?? 0;
  let kl = resumed?.kl ?? 0;

  const checkpoint = (): CheckpointData => {
    const tensors: Record<string, TensorData> = {};
    exportTraining(trainable, adam, 'policy', tensors);
    const json: CheckpointState = { ...identity, step, updates: adam.step, kl, divergences: negativeKl.state };
    return { step, tensors, json };
  };
  const table = () => {
    const shown = options.samplePrompts ?? prompts.slice(0, config.samplePrompts);
    const { tokenizer } = options;
    return sampleTable({ engine, policy, logProbs, reference, prompts: shown, tokenizer, stopIds, config, reward, signal });
  };
  const sample = () =>
    sampleEpisodes({
      engine,
      policy,
      prompts: promptsOf(prompts, { seed, kind, step, count: rolloutBatchSize / samplesPerPrompt }),
      samplesPerPrompt,
      maxNewTokens: config.maxNewTokens,
      temperature,
      seed,
      stream: `rollout ${step}`,
      stopIds,
      batchSize: config.generationBatchSize,
      memoryLimitBytes,
      signal,
    });
  const judge = (episodes: readonly Episode[]) =>
    judgeGroups({
      episodes,
      policy: (rows) => logProbs.read(rows, { temperature, recorded: true }),
      reference: (rows) => reference.logProbs(rows, temperature),
      how: { model: policy.config, perRow, batchSize: config.scoreBatchSize },
      reward,
      step: step + 1,
      config,
      signal,
    });

  try {
    if (step === 0) {
      const samples = await table();
      if (samples.length > 0) yield { step, totalSteps: config.steps, phase: kind, metrics: {}, samples };
    }
    while (step < config.steps) {
      await breathe(signal);
      const started = performance.now();
      const episodes = await sample();
      const generated = performance.now();
      await breathe(signal);
      const rollout = await judge(episodes);
      if (step === 0 && options.startsAtReference) checkFirstKl(rollout.logProbs, rollout.referenceLogProbs);
      negativeKl.add(rollout.kls, step + 1);
      const judged = performance.now();
      const learningRate = config.learningRate * scheduleFactor(config.schedule, step, config.steps);
      const updated = await updateOnRollout({ ...options, algorithm, rollout, updater, logProbs, perRow, learningRate, step: step + 1 });
      const finished = performance.now();
      kl = rollout.kl;
      step += 1;
      const last = step === config.steps;
      const samples = last || step % config.evaluateEvery === 0 ? await table() : [];
      yield {
        step,
        totalSteps: config.steps,
        phase: kind,
        metrics: {
          ...rollout.metrics,
          ...updated,
          'policy/learningRate': learningRate,
          'time/generate': (generated - started) / 1000,
          'time/score': (judged - generated) / 1000,
          'time/update': (finished - judged) / 1000,
        },
        ...(samples.length > 0 ? { samples } : {}),
        ...(last || step % config.checkpointEvery === 0 ? { checkpoint: checkpoint() } : {}),
      };
    }
    return { steps: step, kl };
  } finally {
    adam.dispose();
    logProbs.dispose();
  }
}

interface RolloutUpdates {
  readonly algorithm: GroupAlgorithm;
  readonly policy: LanguageModel;
  readonly rollout: GroupRollout;
  readonly updater: Updater;
  readonly logProbs: TargetLogProbs;
  readonly perRow: number;
  readonly learningRate: number;
  /** From 1. */
  readonly step: number;
  readonly config: GroupConfig;
}

interface OneUpdate extends RolloutUpdates {
  /** Its episodes. */
  readonly indices: readonly number[];
  /** Of all episodes of the rollout. */
  readonly advantages: readonly number[];
  /** Before any update of the step: then the ratio has to be 1. */
  readonly first: boolean;
}

/** All updates of one step, with their metrics. */
async function updateOnRollout(options: RolloutUpdates & { readonly signal: AbortSignal }): Promise<Record<string, number>> {
  const { algorithm, config, rollout, signal, step } = options;
  const advantages = algorithm.advantages(rollout);
  const groups = byGroup([...rollout.episodes.keys()], rollout.samplesPerPrompt);
  const perUpdate = (config.minibatchSize ?? config.rolloutBatchSize) / config.samplesPerPrompt;
  const reports: StepReport[] = [];
  let skipped = 0;
  for (let epoch = 0; epoch < config.innerEpochs; epoch += 1) {
    const order = createRandom(config.seed, algorithm.kind, 'minibatches', step, epoch).shuffle(groups);
    for (const minibatch of chunk(order, perUpdate)) {
      await breathe(signal);
      // the update that showed the distance was not made, nor is any later one of this step
      const still = reports.length === 0 && nothingToLearn(minibatch.flat(), advantages, rollout);
      const held = still || reports.at(-1)?.applied === false;
      if (!held) reports.push(updateOnce({ ...options, indices: minibatch.flat(), advantages, first: reports.length === 0 }));
      if (held || reports.at(-1)?.applied === false) skipped += 1;
    }
  }
  return { ...summary(reports), 'policy/skippedUpdates': skipped };
}

/** What rounding may leave of an advantage, and between the log-probabilities of a policy and of a reference that is the same. */
const noAdvantage = 1e-9;
const noDistance = 1e-4;

/**
 * Whether no answer is better than the others of its prompt and the policy stands where its reference stands. What is left of the gradient then is rounding, of
 * which Adam, whose steps are as long however small gradients are, would make whole steps.
 */
function nothingToLearn(indices: readonly number[], advantages: readonly number[], rollout: GroupRollout): boolean {
  return indices.every((index) => {
    const reference = rollout.referenceLogProbs[index] as Float64Array;
    if (Math.abs(advantages[index] as number) > noAdvantage) return false;
    return rollout.logProbs[index]?.every((value, t) => Math.abs(value - (reference[t] as number)) <= noDistance);
  });
}

/** Means over the updates of a step; nothing where none was tried. */
function summary(reports: readonly StepReport[]): Record<string, number> {
  const [first] = reports;
  if (first === undefined) return {};
  const applied = reports.filter((report) => report.applied);
  return {
    'policy/loss': mean(reports.map(({ surrogate }) => surrogate)),
    ...(applied.length === 0 ? {} : { 'policy/gradientNorm': mean(applied.map(({ gradientNorm }) => gradientNorm)) }),
    'policy/approxKl': mean(reports.map(({ approxKl }) => approxKl)),
    'policy/clipFraction': mean(reports.map(({ clipFraction }) => clipFraction)),
    'policy/firstLogRatio': first.maxLogRatio,
  };
}

/** Cuts the episodes of an update into its forward passes. */
function partsOf(options: OneUpdate): GroupPart[] {
  const { advantages, config, indices, perRow, policy, rollout } = options;
  const episode = (index: number) => rollout.episodes[index] as Episode;
  const allLengths = indices.map((index) => episode(index).response.length);
  let first = 0;
  return chunk(indices, config.microbatchSize ?? indices.length).map((part) => {
    first += part.length;
    return {
      ...layAnswers(groupByPrompt(part.map(episode)), policy.config, perRow),
      old: part.map((index) => rollout.logProbs[index] as Float64Array),
      reference: part.map((index) => rollout.referenceLogProbs[index] as Float64Array),
      advantages: part.map((index) => advantages[index] as number),
      allLengths,
      first: first - part.length,
    };
  });
}

function updateOnce(options: OneUpdate): StepReport {
  const { algorithm, config, first, learningRate, logProbs, policy, step, updater } = options;
  const { engine } = policy.trunk;
  const parts = partsOf(options);
  for (const { rows } of parts) logProbs.check(rows);
  let moved = { surrogate: 0, approxKl: 0, maxLogRatio: 0, clipFraction: 0 };
  const report = updater.step(
    parts.map((part) => () => {
      const values = logProbs.of(part.rows, config.temperature);
      return { loss: algorithm.loss(values, part), aux: { values: engine.stopGradient(values) } };
    }),
    {
      learningRate,
      step,
      accept: (aux) => {
        const fresh = parts.map((part, index) => ({ part, fresh: splitRows(aux[index]?.values as Float32Array, part.lengths) }));
        const told = fresh.map(({ fresh: rows, part }) => algorithm.report(rows, part));
        const all = (key: keyof SurrogateReport) => told.reduce((sum, each) => sum + each[key], 0);
        moved = { ...distance(fresh), surrogate: all('surrogate'), clipFraction: all('clipped') / all('actions') };
        if (first) checkFirstRatio(moved.maxLogRatio, step);
        return config.targetInnerKl === null || moved.approxKl <= 1.5 * config.targetInnerKl;
      },
    },
  );
  return { ...report, ...moved };
}
