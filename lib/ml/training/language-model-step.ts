import { z } from 'zod';
import { AppError } from '#lib/errors';
import { filledUp } from '#lib/ml/batches';
import type { AdamState, Engine, Parameters, Tensor } from '#lib/ml/engine/engine';
import type { Trunk } from '#lib/ml/nn/trunk';
import { scheduleConfig, scheduleFactor } from '#lib/ml/optim/schedule';
import { predictionBucket, TargetLogProbs } from './target-log-probs';
import type { TokenRows } from './token-rows';
import { createUpdater } from './update';

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

interface LossReport {
  /** Mean negative log-likelihood of a token in nats, weighted; before the update. */
  readonly loss: number;
  /** Tokens that had a loss. */
  readonly tokens: number;
  /** Log-probability of every prediction, microbatch by microbatch; none for a microbatch in which nothing has a loss. */
  readonly logProbs: readonly Float32Array[];
}

interface StepReport extends LossReport {
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
  evaluate(microbatches: readonly TokenRows[]): LossReport;
  dispose(): void;
}

const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
const predicts = ({ weights }: TokenRows) => weights.some((weight) => weight > 0);

/** Microbatches that predict something, and the sum of all weights. */
function counted(microbatches: readonly TokenRows[]) {
  const total = microbatches.reduce((all, { weights }) => all + sum(weights), 0);
  if (!Number.isFinite(total)) {
    throw new AppError('BAD_INPUT', 'A loss weight of the batch is not a finite number.', { details: { check: 'finite-weights' } });
  }
  const used = microbatches.filter(predicts);
  if (used.length === 0 || total <= 0) {
    throw new AppError('BAD_INPUT', 'No token of the batch has a loss: all of them are only read.', {
      details: { check: 'tokens-with-loss' },
      remedy: 'Look at what the template marks as answer, and whether the texts were cut before it.',
    });
  }
  return { used, total, tokens: used.reduce((all, { weights }) => all + weights.filter((weight) => weight > 0).length, 0) };
}

/** Values of the microbatches that were used, in the places of all. */
function inPlace(microbatches: readonly TokenRows[], values: readonly Float32Array[]): Float32Array[] {
  let next = 0;
  return microbatches.map((rows) => {
    if (!predicts(rows)) return new Float32Array(0);
    next += 1;
    return (values[next - 1] as Float32Array).subarray(0, rows.weights.length);
  });
}

/**
 * Next-token training: token-weighted cross-entropy, accumulated over microbatches, clipped, AdamW. `parameters` are what is trained;
 * by default what the model's trunk calls trainable. `adam` goes on from stored moments and belongs to the step from then on.
 */
export function createLanguageModelStep(options: {
  readonly engine: Engine;
  readonly model: { readonly trunk: Trunk };
  readonly config: LanguageModelStepConfig;
  readonly parameters?: Parameters;
  readonly adam?: AdamState;
}): LanguageModelStep {
  const { config, engine, model } = options;
  const parameters = options.parameters ?? model.trunk.trainable;
  const adam = options.adam ?? engine.adamState(parameters);
  const updater = createUpdater({ engine, name: 'model', parameters, adam, config, recorded: config.recorded });
  const logProbs = new TargetLogProbs(model.trunk);

  /** -sum(weight / total log p) of one microbatch: [n] -> one number. */
  const lossOf = (rows: TokenRows, total: number): { loss: Tensor; aux: { logProbs: Tensor } } => {
    const count = predictionBucket(rows.weights.length);
    const weights = filledUp(
      rows.weights.map((weight) => -weight / total),
      count,
      0,
    );
    const values = logProbs.of(rows);
    return { loss: engine.sum(engine.mul(values, engine.float(weights, [count]))), aux: { logProbs: engine.stopGradient(values) } };
  };

  return {
    adam,
    step(microbatches) {
      const { tokens, total, used } = counted(microbatches);
      for (const rows of used) logProbs.check(rows);
      const learningRate = config.learningRate * scheduleFactor(config.schedule, adam.step, config.totalSteps);
      const { aux, gradientNorm, loss } = updater.step(
        used.map((rows) => () => lossOf(rows, total)),
        { learningRate, step: adam.step + 1 },
      );
      const values = aux.map((each) => each.logProbs as Float32Array);
      return { loss, tokens, gradientNorm, learningRate, logProbs: inPlace(microbatches, values) };
    },
    evaluate(microbatches) {
      const { tokens, total, used } = counted(microbatches);
      let loss = 0;
      const read = used.map((rows) => {
        const values = logProbs.read(rows, { recorded: config.recorded });
        loss -= values.reduce((all, value, index) => all + value * ((rows.weights[index] ?? 0) / total), 0);
        return values;
      });
      return { loss, tokens, logProbs: inPlace(microbatches, read) };
    },
    dispose() {
      logProbs.dispose();
      adam.dispose();
    },
  };
}
