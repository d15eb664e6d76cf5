import { z } from 'zod';
import { AppError } from '#lib/errors';
import type { AdamState, Engine, Parameters, Tensor } from '#lib/ml/engine/engine';
import type { Trunk } from '#lib/ml/nn/trunk';
import { scheduleConfig, scheduleFactor } from '#lib/ml/optim/schedule';
import { predictionBucket, TargetLogProbs } from './target-log-probs';
import type { TokenRows } from './token-rows';

export const languageModelStepConfig = z.object({
  /** TRL's SFT default. */
  learningRate: z.number().min(0).default(2e-5),
  /** beta, epsilon: Kingma and Ba 2015. */
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: z.number().positive().default(1e-8),
  /** Decoupled (Loshchilov and Hutter 2019); 0 as in transformers' trainer. */
  weightDecay: z.number().min(0).default(0),
  /** Largest global norm of the gradient (Pascanu et al. 2013); 1 as in transformers' trainer. */
  maxGradientNorm: z.number().positive().default(1),
  schedule: scheduleConfig.default({ kind: 'constant', warmup: 0, floor: 0 }),
  /** Updates of the whole run: what the schedule is stretched over. */
  totalSteps: z.number().int().positive(),
  /** As one graph for each combination of shapes: faster, and other last bits than without, so a run keeps to one of them. */
  recorded: z.boolean().default(true),
});
export type LanguageModelStepConfig = z.infer<typeof languageModelStepConfig>;

interface StepReport {
  /** Mean negative log-likelihood of a token in nats, weighted; before the update. */
  readonly loss: number;
  /** Tokens that had a loss. */
  readonly tokens: number;
  /** Global norm of the gradient before it was clipped. */
  readonly gradientNorm: number;
  readonly learningRate: number;
}

export interface LanguageModelStep {
  /** Moments and number of updates, for a checkpoint. */
  readonly adam: AdamState;
  /**
   * One update on all microbatches together: the loss is sum(weight nll) / sum(weight) over all of them, however they are cut.
   * Throws BAD_INPUT where no token has a loss or a token is not in the vocabulary, INVARIANT naming the check where loss or gradient is not
   * finite; then nothing was updated.
   */
  step(microbatches: readonly TokenRows[]): StepReport;
  /** The loss of `step` without an update. */
  evaluate(microbatches: readonly TokenRows[]): { readonly loss: number; readonly tokens: number };
  dispose(): void;
}

type Gradients = ReadonlyMap<string, Tensor>;

const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);

/** Microbatches that predict something, and the sum of all weights. */
function counted(microbatches: readonly TokenRows[]) {
  const total = microbatches.reduce((all, { weights }) => all + sum(weights), 0);
  if (!Number.isFinite(total)) {
    throw new AppError('BAD_INPUT', 'A loss weight of the batch is not a finite number.', { details: { check: 'finite-weights' } });
  }
  const used = microbatches.filter(({ weights }) => weights.some((weight) => weight > 0));
  if (used.length === 0 || total <= 0) {
    throw new AppError('BAD_INPUT', 'No token of the batch has a loss: all of them are only read.', {
      details: { check: 'tokens-with-loss' },
      remedy: 'Look at what the template marks as answer, and whether the texts were cut before it.',
    });
  }
  return { used, total, tokens: used.reduce((all, { weights }) => all + weights.filter((weight) => weight > 0).length, 0) };
}

/** Adds gradients on the device; both are spent. */
function accumulate(engine: Engine, before: Gradients | undefined, more: Gradients): Gradients {
  if (!before) return more;
  const all = new Map<string, Tensor>();
  for (const [name, gradient] of more) {
    const first = before.get(name) as Tensor;
    all.set(
      name,
      engine.tidy(() => engine.add(first, gradient)),
    );
    engine.dispose([first, gradient]);
  }
  return all;
}

/**
 * Next-token training: token-weighted cross-entropy, accumulated over microbatches, clipped, AdamW. `parameters` are what is trained;
 * by default all of the model's. `adam` goes on from stored moments and belongs to the step from then on.
 */
export function createLanguageModelStep(options: {
  readonly engine: Engine;
  readonly model: { readonly trunk: Trunk; readonly parameters: Parameters };
  readonly config: LanguageModelStepConfig;
  readonly parameters?: Parameters;
  readonly adam?: AdamState;
}): LanguageModelStep {
  const { config, engine, model } = options;
  const parameters = options.parameters ?? model.parameters;
  const adam = options.adam ?? engine.adamState(parameters);
  const logProbs = new TargetLogProbs(model.trunk);

  /** -sum(weight / total log p) of one microbatch. */
  const lossOf = (rows: TokenRows, total: number) => {
    const weights = new Float32Array(predictionBucket(rows.weights.length));
    rows.weights.forEach((weight, index) => {
      weights[index] = -weight / total;
    });
    return engine.tidy(() => engine.sum(engine.mul(logProbs.of(rows), engine.float(weights, [weights.length]))));
  };

  const gradientsOf = (used: readonly TokenRows[], total: number) => {
    let gradients: Gradients | undefined;
    let loss = 0;
    for (const rows of used) {
      const part = engine.gradients(parameters, () => ({ loss: lossOf(rows, total) }), { recorded: config.recorded });
      gradients = accumulate(engine, gradients, part.gradients);
      loss += part.loss;
    }
    return { gradients: gradients as Gradients, loss };
  };

  /** Frees what was made where the update cannot be done. */
  const clip = (gradients: Gradients, loss: number) => {
    try {
      if (!Number.isFinite(loss)) {
        throw new AppError('INVARIANT', `The loss is ${loss} at update ${adam.step + 1}.`, {
          details: { check: 'finite-loss', step: adam.step + 1 },
          remedy: 'Resume from the last checkpoint with a lower learning rate.',
        });
      }
      return engine.clipByGlobalNorm(gradients, config.maxGradientNorm);
    } catch (error) {
      engine.dispose([...gradients.values()]);
      throw error;
    }
  };

  return {
    adam,
    step(microbatches) {
      const { tokens, total, used } = counted(microbatches);
      for (const rows of used) logProbs.check(rows);
      const { gradients, loss } = gradientsOf(used, total);
      const { clipped, norm } = clip(gradients, loss);
      const learningRate = config.learningRate * scheduleFactor(config.schedule, adam.step, config.totalSteps);
      const { beta1, beta2, epsilon, weightDecay } = config;
      engine.adam(parameters, clipped, adam, { beta1, beta2, epsilon, learningRate, weightDecay });
      return { loss, tokens, gradientNorm: norm, learningRate };
    },
    evaluate(microbatches) {
      const { tokens, total, used } = counted(microbatches);
      let loss = 0;
      for (const rows of used) {
        const values = logProbs.read(rows, { recorded: config.recorded });
        loss -= values.reduce((all, value, index) => all + value * ((rows.weights[index] ?? 0) / total), 0);
      }
      return { loss, tokens };
    },
    dispose() {
      logProbs.dispose();
      adam.dispose();
    },
  };
}
