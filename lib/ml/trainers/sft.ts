import { z } from 'zod';
import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import type { Engine } from '#lib/ml/engine/engine';
import { breathe } from '#lib/ml/forward';
import type { LanguageModel } from '#lib/ml/nn/language-model';
import { exportParameters, exportTraining, importParameters, startTraining } from '#lib/ml/optim/state';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { RewardScorer, SftExample, TrainingPrompt } from '#lib/ml/training/examples';
import { createLanguageModelStep, type LanguageModelStep } from '#lib/ml/training/language-model-step';
import { sampleEpisodes } from '#lib/ml/training/sample-episodes';
import { lengthOf } from '#lib/ml/training/token-rows';
import { promptOf } from '#lib/ml/training/tokenize-examples';
import { type LaidExamples, layExamples, planSft } from './sft-batches';
import type { SftConfig } from './sft-config';
import type { CheckpointData, SampleRow, StepMetrics } from './trainer';

export interface SftResult {
  readonly steps: number;
  /** The update (from 1) whose weights the model holds now. */
  readonly bestStep: number;
  /** Of those weights; null where there are no validation examples. */
  readonly validation: { readonly loss: number; readonly perplexity: number; readonly reward: number | null } | null;
}

interface SftOptions {
  readonly engine: Engine;
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  readonly data: readonly SftExample[];
  readonly config: SftConfig;
  readonly signal: AbortSignal;
  readonly state?: CheckpointData;
  /** Judges answers to validation prompts; needed for `keep: reward`, else its mean is only reported. */
  readonly reward?: RewardScorer;
}

const evaluationSchema = z.object({ loss: z.number(), perplexity: z.number(), reward: z.number().nullable() });
const checkpointState = z.object({
  kind: z.literal('sft'),
  step: z.number(),
  totalSteps: z.number(),
  examples: z.number(),
  settings: z.string(),
  bestStep: z.number(),
  best: evaluationSchema.nullable(),
  evaluationsSinceBest: z.number(),
});
type State = z.infer<typeof checkpointState>;
type Evaluation = z.infer<typeof evaluationSchema>;

/** What a resumed run has to have in common with the one that it goes on with. */
function settingsOf({ checkpointEvery: _, samplePrompts: __, ...settings }: SftConfig): string {
  return JSON.stringify(settings);
}

function startState(options: SftOptions, totalSteps: number, examples: number): State {
  const fresh: State = {
    kind: 'sft',
    step: 0,
    totalSteps,
    examples,
    settings: settingsOf(options.config),
    bestStep: 0,
    best: null,
    evaluationsSinceBest: 0,
  };
  if (options.state === undefined) return fresh;
  const parsed = checkpointState.safeParse(options.state.json);
  const remedy = 'Start the run anew, or resume it with the settings and data that it began with.';
  if (!parsed.success)
    throw new AppError('BAD_INPUT', 'The checkpoint is not one of a supervised fine-tuning run, or it is damaged.', { remedy });
  const { data } = parsed;
  if (data.settings === fresh.settings && data.totalSteps === totalSteps && data.examples === examples) return data;
  throw new AppError('BAD_INPUT', 'The checkpoint was written under other settings or other data.', {
    details: { check: 'same-run' },
    remedy,
  });
}

/** Mean loss of the predictions of each task, where there are several. */
function lossByTask(prefix: string, laid: readonly LaidExamples[], logProbs: readonly Float32Array[]): Record<string, number> {
  const sums = new Map<string, { loss: number; weight: number }>();
  laid.forEach(({ rows, tasks }, part) => {
    tasks.forEach((task, index) => {
      const sum = sums.get(task) ?? { loss: 0, weight: 0 };
      sums.set(task, sum);
      const weight = rows.weights[index] ?? 0;
      sum.loss -= weight * (logProbs[part]?.[index] ?? Number.NaN);
      sum.weight += weight;
    });
  });
  if (sums.size < 2) return {};
  return Object.fromEntries([...sums].map(([task, { loss, weight }]) => [`${prefix}/taskLoss/${task}`, loss / weight]));
}

/** Prompts that are answered at every evaluation: the same ones in the same order over the whole run. */
function fixedPrompts(examples: readonly SftExample[], options: SftOptions, count: number): TrainingPrompt[] {
  const { config, model } = options;
  const room = model.config.contextLength - config.maxNewTokens;
  const prompts = examples.flatMap((example) => promptOf(example) ?? []).filter(({ tokens }) => tokens.length <= room);
  const different = [...new Map(prompts.map((prompt) => [prompt.tokens.join(), prompt])).values()];
  return createRandom(config.seed, 'sft', 'prompts').shuffle(different).slice(0, count);
}

/** Answers, their mean reward where there is a scorer, and the sample table. */
async function answerPrompts(options: SftOptions, prompts: readonly TrainingPrompt[]) {
  const { config, engine, model, signal, tokenizer } = options;
  if (prompts.length === 0) return { metrics: {}, samples: [], reward: null };
  const episodes = await sampleEpisodes({
    engine,
    policy: model,
    prompts,
    samplesPerPrompt: 1,
    maxNewTokens: config.maxNewTokens,
    temperature: config.temperature,
    seed: config.seed,
    stream: 'samples',
    stopIds: model.config.stopTokenIds,
    batchSize: config.scoreBatchSize,
    signal,
  });
  const scores = options.reward && (await options.reward(episodes, signal)).total;
  const wrong = scores?.findIndex((score) => !Number.isFinite(score)) ?? -1;
  if (scores && (wrong >= 0 || scores.length !== episodes.length)) {
    throw new AppError('INVARIANT', `The reward of answer ${wrong + 1} of ${episodes.length} is ${scores[wrong] ?? 'missing'}.`, {
      details: { check: 'finite-reward' },
    });
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const reward = scores ? mean(scores) : null;
  const samples = episodes.slice(0, config.samplePrompts).map(
    ({ promptId, response }, index): SampleRow => ({
      promptId,
      sampleIndex: 0,
      text: tokenizer.decode(response),
      scores: { length: response.length, ...(scores ? { reward: scores[index] as number } : {}) },
    }),
  );
  const metrics = {
    'answer/length': mean(episodes.map(({ response }) => response.length)),
    'answer/eosRate': mean(episodes.map(({ ended }) => (ended ? 1 : 0))),
    ...(reward === null ? {} : { 'validation/reward': reward }),
  };
  return { metrics, samples, reward };
}

function isBetter(keep: SftConfig['keep'], found: Evaluation, best: Evaluation | null): boolean {
  if (best === null || keep === 'last') return true;
  if (keep === 'loss') return found.loss < best.loss;
  return (found.reward ?? Number.NEGATIVE_INFINITY) > (best.reward ?? Number.NEGATIVE_INFINITY);
}

function checkData(options: SftOptions, train: number, validation: number, prompts: number): void {
  const { config, reward } = options;
  if (train === 0) throw new AppError('BAD_INPUT', 'There is no example in the training split; there is nothing to learn from.');
  if (config.patience !== null && (config.keep === 'last' || validation === 0)) {
    throw new AppError('BAD_INPUT', '"patience" ends a run that gets no better, but nothing says what is better.', {
      details: { key: 'patience' },
      remedy: 'Give validation examples and set "keep" to "loss" or "reward", or leave "patience" out.',
    });
  }
  if (config.keep !== 'reward') return;
  if (reward === undefined) throw new AppError('BAD_INPUT', 'To keep the best by reward ("keep": "reward"), give a reward.');
  if (validation === 0 || prompts === 0) {
    throw new AppError('BAD_INPUT', 'To keep the best by reward ("keep": "reward"), validation examples with prompts are needed.', {
      remedy: 'Give a share of the data, or a file, for validation; texts without prompts cannot be answered.',
    });
  }
}

/**
 * Supervised fine-tuning of `model` in place (its adapter, where it has one): the loss of a batch is sum(w_t -log pi(y_t | y_<t)) / sum(w_t) over all
 * learnt tokens of the batch, however it is cut into microbatches or packed. One update a step.
 *
 * Throws BAD_INPUT where there is nothing to learn, INVARIANT where a loss, gradient or reward is not finite, CANCELLED on abort. `state` resumes
 * bit for bit under the same config, data and engine mode.
 */
export async function* trainSft(options: SftOptions): AsyncGenerator<StepMetrics, SftResult> {
  const { config, data, engine, model, signal } = options;
  const train = data.filter(({ split }) => split === 'TRAIN');
  const validation = data.filter(({ split }) => split === 'VALIDATION');
  const wanted = options.reward ? Math.max(config.samplePrompts, config.rewardPrompts) : config.samplePrompts;
  const prompts = fixedPrompts(validation.length > 0 ? validation : train, options, wanted);
  checkData(options, train.length, validation.length, prompts.length);
  const plan = planSft(train, config);
  const { totalSteps } = plan;
  const state = startState(options, totalSteps, data.length);
  const { trainable } = model.trunk;
  const stored = options.state && { tensors: options.state.tensors, updates: state.step };
  const { beta1, beta2, epsilon, learningRate, maxGradientNorm, schedule, weightDecay } = config;
  const training = createLanguageModelStep({
    engine,
    model,
    parameters: trainable,
    adam: startTraining(engine, trainable, 'model', stored),
    config: { beta1, beta2, epsilon, learningRate, maxGradientNorm, schedule, weightDecay, totalSteps, recorded: true },
  });
  const longest = train.reduce((most, { text }) => Math.max(most, lengthOf(text)), 0);
  const settings = { padId: model.config.padTokenId ?? 0, contextLength: model.config.contextLength };
  const lay = (examples: readonly SftExample[], size: number) =>
    layExamples(examples, size, { ...settings, packedLength: config.packing ? Math.ceil(longest / 16) * 16 : null });
  // of the best evaluation, where that is not what the model holds
  const best: Record<string, TensorData> = Object.fromEntries(
    Object.entries(options.state?.tensors ?? {}).filter(([name]) => name.startsWith('best.')),
  );

  const checkpoint = (): CheckpointData => {
    const tensors: Record<string, TensorData> = { ...best };
    exportTraining(trainable, training.adam, 'model', tensors);
    return { step: state.step, tensors, json: { ...state } };
  };

  const evaluate = async () => {
    const answered = await answerPrompts(options, prompts);
    if (validation.length === 0) {
      state.bestStep = state.step;
      return answered;
    }
    const laid = layExamples(validation, config.scoreBatchSize, { ...settings, packedLength: null });
    const { logProbs, loss } = training.evaluate(laid.map(({ rows }) => rows));
    if (!Number.isFinite(loss)) throw new AppError('INVARIANT', `The validation loss is ${loss}.`, { details: { check: 'finite-loss' } });
    const found: Evaluation = { loss, perplexity: Math.exp(loss), reward: answered.reward };
    state.evaluationsSinceBest += 1;
    if (isBetter(config.keep, found, state.best)) {
      Object.assign(state, { best: found, bestStep: state.step, evaluationsSinceBest: 0 });
      if (config.keep !== 'last') exportParameters(trainable, 'best.', best);
    }
    const metrics = { ...answered.metrics, 'validation/loss': loss, 'validation/perplexity': found.perplexity };
    return { ...answered, metrics: { ...metrics, ...lossByTask('validation', laid, logProbs) } };
  };

  const stops = () => config.patience !== null && state.evaluationsSinceBest >= config.patience;
  try {
    while (state.step < totalSteps && !stops()) {
      await breathe(signal);
      const metrics = update(training, lay(plan.batch(state.step), config.microbatchSize ?? config.batchSize));
      state.step += 1;
      metrics.epoch = state.step / plan.epochSteps;
      const ends = state.step === totalSteps;
      const evaluates = ends || state.step % (config.evaluateEvery ?? plan.epochSteps) === 0;
      const { samples, ...evaluated } = evaluates ? await evaluate() : { samples: [], metrics: {} };
      Object.assign(metrics, evaluated.metrics);
      const keeps = ends || stops() || state.step % config.checkpointEvery === 0;
      yield {
        step: state.step,
        totalSteps,
        phase: 'sft',
        metrics,
        ...(samples.length > 0 ? { samples } : {}),
        ...(keeps ? { checkpoint: checkpoint() } : {}),
      };
    }
    if (Object.keys(best).length > 0) importParameters(trainable, 'best.', best);
    return { steps: state.step, bestStep: state.bestStep, validation: state.best };
  } finally {
    training.dispose();
  }
}

function update(training: LanguageModelStep, laid: readonly LaidExamples[]): Record<string, number> {
  const rows = laid.map((part) => part.rows);
  const { gradientNorm, learningRate, logProbs, loss, tokens } = training.step(rows);
  return {
    'train/loss': loss,
    'train/tokens': tokens,
    'train/gradientNorm': gradientNorm,
    'train/learningRate': learningRate,
    ...lossByTask('train', laid, logProbs),
  };
}
