import { z } from 'zod';
import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import { bucketCount, chunk, filledUp } from '#lib/ml/batches';
import type { AdamState, Engine, Parameters, Tensor } from '#lib/ml/engine/engine';
import { breathe, packFor, responseLogProbs } from '#lib/ml/forward';
import type { LanguageModel, ScalarModel } from '#lib/ml/nn/language-model';
import { adaptKlCoefficient } from '#lib/ml/numerics';
import { scheduleFactor } from '#lib/ml/optim/schedule';
import { exportTraining, startTraining } from '#lib/ml/optim/state';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { PpoConfig } from './ppo-config';
import { policyLossTensor, type RatioReport, reportRatios, valueLossTensor } from './ppo-losses';
import { type Episode, judgeEpisodes, type PpoPrompt, promptAt, type RewardScorer, type Rollout, sampleEpisodes } from './ppo-rollouts';
import type { CheckpointData, SampleRow, StepMetrics } from './trainer';

export interface PpoResult {
  readonly steps: number;
  readonly klCoefficient: number;
  /** Of the last rollout, before its update: mean over episodes of the summed k1 to the reference. */
  readonly kl: number;
}

const checkpointState = z.object({
  kind: z.literal('ppo'),
  seed: z.number(),
  step: z.number(),
  totalSteps: z.number(),
  prompts: z.number(),
  klCoefficient: z.number(),
  policyUpdates: z.number(),
  valueUpdates: z.number(),
  kl: z.number(),
});

function parseState(json: unknown): z.infer<typeof checkpointState> {
  const parsed = checkpointState.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new AppError('BAD_INPUT', 'The checkpoint is not one of a PPO run, or it is damaged.', { remedy: 'Start the run anew.' });
}

/** |log ratio| that rounding may leave between two runs of one forward pass in batches of other shapes. */
const ratioTolerance = 1e-3;

/** Rows of one minibatch and what each model learns from them. */
interface Minibatch {
  readonly indices: readonly number[];
  readonly rollout: Rollout;
}

interface UpdateReport {
  readonly loss: number;
  readonly gradientNorm: number;
}

/**
 * PPO (Schulman et al. 1707.06347) on a scorer of whole answers with a KL penalty to `reference` in the reward (Ziegler et al. 1909.08593), a value model of
 * its own, and both trained in place. Losses are means over the response tokens of a minibatch. Yields once a step (rollout batch) and once before
 * the first for the samples of the untrained policy.
 *
 * Throws INVARIANT naming the check where something is not finite or the first minibatch's ratio is not 1, CANCELLED (or the signal's own AppError) on
 * abort, BAD_INPUT on a checkpoint of another run. `state` resumes bit for bit under the same config, prompts and engine mode: every random stream is a
 * function of (seed, step), so step, coefficient, weights and moments are all there is to keep.
 */
export async function* trainPpo(options: {
  readonly engine: Engine;
  readonly policy: LanguageModel;
  readonly reference: LanguageModel;
  readonly value: ScalarModel;
  readonly reward: RewardScorer;
  readonly prompts: readonly PpoPrompt[];
  /** Prompts of the sample table; by default the first of `prompts`. */
  readonly samplePrompts?: readonly PpoPrompt[];
  readonly tokenizer: Tokenizer;
  /** Tokens that end an answer; by default those of the policy. */
  readonly stopIds?: readonly number[];
  readonly config: PpoConfig;
  readonly signal: AbortSignal;
  readonly state?: CheckpointData;
}): AsyncGenerator<StepMetrics, PpoResult> {
  const { engine, policy, reference, value, reward, prompts, tokenizer, config, signal } = options;
  if (prompts.length === 0) {
    throw new AppError('BAD_INPUT', 'There are no prompts to train the policy on.', { remedy: 'Add prompts of the training split.' });
  }
  const stopIds = options.stopIds ?? policy.config.stopTokenIds;
  const tablePrompts = options.samplePrompts ?? prompts.slice(0, config.samplePrompts);
  const resumed = options.state === undefined ? undefined : parseState(options.state.json);
  if (
    resumed !== undefined &&
    (resumed.seed !== config.seed || resumed.totalSteps !== config.steps || resumed.prompts !== prompts.length)
  ) {
    throw new AppError('BAD_INPUT', 'The checkpoint was written under another seed, number of steps or set of prompts.', {
      remedy: 'Start the run anew.',
    });
  }
  let step = resumed?.step ?? 0;
  let klCoefficient = resumed?.klCoefficient ?? config.klCoefficient;
  let kl = resumed?.kl ?? 0;
  const stored = options.state?.tensors;
  const policyAdam = startTraining(
    engine,
    policy.parameters,
    'policy',
    stored && { tensors: stored, updates: resumed?.policyUpdates ?? 0 },
  );
  const valueAdam = startTraining(engine, value.parameters, 'value', stored && { tensors: stored, updates: resumed?.valueUpdates ?? 0 });
  const orders = new Map<number, readonly PpoPrompt[]>();

  const checkpoint = (): CheckpointData => {
    const tensors: Record<string, TensorData> = {};
    exportTraining(policy.parameters, policyAdam, 'policy', tensors);
    exportTraining(value.parameters, valueAdam, 'value', tensors);
    const json: z.infer<typeof checkpointState> = {
      kind: 'ppo',
      seed: config.seed,
      step,
      totalSteps: config.steps,
      prompts: prompts.length,
      klCoefficient,
      policyUpdates: policyAdam.step,
      valueUpdates: valueAdam.step,
      kl,
    };
    return { step, tensors, json };
  };

  /** The same prompts with the same sampling noise every time: what changes between two tables is the policy. */
  const sampleTable = async (): Promise<SampleRow[]> => {
    if (tablePrompts.length === 0) return [];
    const episodes = await sampleEpisodes({ engine, policy, prompts: tablePrompts, config, stopIds, stream: 'samples', signal });
    const forward = { temperature: config.temperature, batchSize: config.scoreBatchSize };
    const scores = await reward(episodes);
    const ours = responseLogProbs(engine, policy, episodes, forward);
    const theirs = responseLogProbs(engine, reference, episodes, forward);
    return episodes.map((episode, index) => ({
      promptId: episode.promptId,
      sampleIndex: 0,
      text: tokenizer.decode(episode.response, { skipSpecial: true }),
      scores: {
        reward: scores[index] as number,
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
      const batchPrompts = Array.from({ length: config.batchSize }, (_, place) =>
        promptAt(prompts, config.seed, step * config.batchSize + place, orders),
      );
      const episodes = await sampleEpisodes({ engine, policy, prompts: batchPrompts, config, stopIds, stream: `rollout ${step}`, signal });
      const generated = performance.now();
      await breathe(signal);
      const rollout = await judgeEpisodes({ engine, episodes, policy, reference, value, reward, beta: klCoefficient, config });
      const judged = performance.now();

      const factor = scheduleFactor(config.schedule, step, config.steps);
      const adamConfig = { beta1: config.beta1, beta2: config.beta2, epsilon: config.epsilon, weightDecay: 0 };
      const reports: (RatioReport & UpdateReport)[] = [];
      const valueReports: UpdateReport[] = [];
      let held = step < config.valueWarmup;
      let skipped = 0;
      for (let epoch = 0; epoch < config.innerEpochs; epoch += 1) {
        const order = createRandom(config.seed, 'ppo', 'minibatches', step, epoch).shuffle([...episodes.keys()]);
        for (const indices of chunk(order, config.minibatchSize)) {
          await breathe(signal);
          const minibatch = { indices, rollout };
          if (held) skipped += 1;
          else {
            const first = reports.length === 0;
            const report = updatePolicy(engine, policy, policyAdam, minibatch, config, {
              adam: { ...adamConfig, learningRate: config.policyLearningRate * factor },
              first,
              step: step + 1,
            });
            reports.push(report);
            // The update that showed the distance is not made (see updatePolicy); nor is any later one of this step.
            if (report.stopped) held = true;
          }
          valueReports.push(
            updateValue(
              engine,
              value,
              valueAdam,
              minibatch,
              config,
              { ...adamConfig, learningRate: config.valueLearningRate * factor },
              step + 1,
            ),
          );
        }
      }
      const updated = performance.now();
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
          ...summary(reports, valueReports),
          'policy/skippedUpdates': skipped,
          'policy/learningRate': config.policyLearningRate * factor,
          'time/generate': (generated - started) / 1000,
          'time/score': (judged - generated) / 1000,
          'time/update': (updated - judged) / 1000,
        },
        ...(samples.length > 0 ? { samples } : {}),
        ...(last || step % config.checkpointEvery === 0 ? { checkpoint: checkpoint() } : {}),
      };
    }
    return { steps: step, klCoefficient, kl };
  } finally {
    policyAdam.dispose();
    valueAdam.dispose();
  }
}

const sum = (row: ArrayLike<number>): number => {
  let total = 0;
  for (let index = 0; index < row.length; index += 1) total += row[index] as number;
  return total;
};

/** Rows laid flat in the order of `packRows`: one value a response token. */
function flat(rows: readonly Float64Array[], indices: readonly number[]): Float32Array {
  return Float32Array.from(indices.flatMap((index) => Array.from(rows[index] as Float64Array)));
}

/** Response tokens filled up to a number that comes often, so that one recorded graph serves many minibatches; what is added has weight 0. */
function padTokens(engine: Engine, predictedFrom: Int32Array) {
  const count = bucketCount(predictedFrom.length);
  const tensor = (values: Float32Array) => engine.float(filledUp(values, count, 0), [count]);
  return {
    positions: filledUp(predictedFrom, count, predictedFrom[0] ?? 0),
    tensor,
    weights: () => tensor(new Float32Array(predictedFrom.length).fill(1 / predictedFrom.length)),
  };
}

function rowsOf({ indices, rollout }: Minibatch): Episode[] {
  return indices.map((index) => rollout.episodes[index] as Episode);
}

interface AdamStep {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Clips and applies gradients, or names what is not finite. */
function apply(
  engine: Engine,
  parameters: Parameters,
  state: AdamState,
  result: { readonly loss: number; readonly gradients: ReadonlyMap<string, Tensor> },
  maxNorm: number,
  adam: AdamStep,
  what: { readonly name: string; readonly step: number },
): UpdateReport {
  if (!Number.isFinite(result.loss)) {
    engine.dispose([...result.gradients.values()]);
    throw new AppError('INVARIANT', `The ${what.name} loss is ${result.loss} at step ${what.step}.`, {
      details: { check: 'finite-loss', model: what.name, step: what.step },
      remedy: 'Resume from the last checkpoint with a lower learning rate.',
    });
  }
  const { clipped, norm } = engine.clipByGlobalNorm(result.gradients, maxNorm);
  engine.adam(parameters, clipped, state, adam);
  return { loss: result.loss, gradientNorm: norm };
}

function updatePolicy(
  engine: Engine,
  policy: LanguageModel,
  state: AdamState,
  minibatch: Minibatch,
  config: PpoConfig,
  update: { readonly adam: AdamStep; readonly first: boolean; readonly step: number },
): RatioReport & UpdateReport & { readonly stopped: boolean } {
  const packed = packFor(policy, rowsOf(minibatch));
  const old = flat(minibatch.rollout.logProbs, minibatch.indices);
  const advantages = flat(minibatch.rollout.advantages, minibatch.indices);
  const { positions, tensor, weights } = padTokens(engine, packed.predictedFrom);
  const result = engine.gradients(
    policy.parameters,
    () => {
      const logProbs = policy.logProbs(packed.tokens, packed.batch, packed.time, positions, config.temperature);
      const rollout = { old: tensor(old), advantages: tensor(advantages), weights: weights() };
      return { loss: policyLossTensor(engine, logProbs, rollout, config.clip), aux: { logProbs: engine.stopGradient(logProbs) } };
    },
    { recorded: true },
  );
  const fresh = result.aux.logProbs as Tensor;
  const ratios = reportRatios(engine.read(fresh), old, advantages, config.clip);
  engine.dispose(fresh);
  if (update.first && !(ratios.maxLogRatio <= ratioTolerance)) {
    engine.dispose([...result.gradients.values()]);
    throw new AppError(
      'INVARIANT',
      `At step ${update.step} the policy disagrees with its own rollout before any update: log ratio ${ratios.maxLogRatio}.`,
      {
        details: { check: 'first-ratio-is-one', step: update.step, maxLogRatio: ratios.maxLogRatio },
        remedy: 'The forward passes of scoring and of training differ; report this with the run’s configuration.',
      },
    );
  }
  if (config.targetInnerKl !== null && ratios.approxKl > 1.5 * config.targetInnerKl) {
    const { loss } = result;
    engine.dispose([...result.gradients.values()]);
    return { ...ratios, loss, gradientNorm: 0, stopped: true };
  }
  const applied = apply(engine, policy.parameters, state, result, config.maxGradientNorm, update.adam, {
    name: 'policy',
    step: update.step,
  });
  return { ...ratios, ...applied, stopped: false };
}

function updateValue(
  engine: Engine,
  value: ScalarModel,
  state: AdamState,
  minibatch: Minibatch,
  config: PpoConfig,
  adam: AdamStep,
  step: number,
): UpdateReport {
  const packed = packFor(value, rowsOf(minibatch));
  const old = flat(minibatch.rollout.values, minibatch.indices);
  const returns = flat(minibatch.rollout.returns, minibatch.indices);
  const { positions, tensor, weights } = padTokens(engine, packed.predictedFrom);
  const result = engine.gradients(
    value.parameters,
    () => {
      const values = value.scores(packed.tokens, packed.batch, packed.time, positions);
      return {
        loss: valueLossTensor(engine, values, { old: tensor(old), returns: tensor(returns), weights: weights() }, config.valueClip),
      };
    },
    { recorded: true },
  );
  return apply(engine, value.parameters, state, result, config.maxGradientNorm, adam, { name: 'value', step });
}

function summary(policy: readonly (RatioReport & UpdateReport)[], value: readonly UpdateReport[]): Record<string, number> {
  const average = <T>(items: readonly T[], pick: (item: T) => number): number =>
    items.reduce((total, item) => total + pick(item), 0) / items.length;
  return {
    ...(policy.length === 0
      ? {}
      : {
          'policy/loss': average(policy, (report) => report.loss),
          'policy/gradientNorm': average(policy, (report) => report.gradientNorm),
          'policy/approxKl': average(policy, (report) => report.approxKl),
          'policy/clipFraction': average(policy, (report) => report.clipFraction),
          'policy/firstLogRatio': (policy[0] as RatioReport).maxLogRatio,
        }),
    'value/loss': average(value, (report) => report.loss),
    'value/gradientNorm': average(value, (report) => report.gradientNorm),
  };
}
