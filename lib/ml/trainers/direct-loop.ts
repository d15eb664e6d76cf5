import { z } from 'zod';
import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import type { Engine } from '#lib/ml/engine/engine';
import { breathe } from '#lib/ml/forward';
import type { LanguageModel } from '#lib/ml/nn/language-model';
import { type ScheduleConfig, scheduleFactor } from '#lib/ml/optim/schedule';
import { exportParameters, exportTraining, importParameters, startTraining } from '#lib/ml/optim/state';
import { batchOf, stepsPerEpoch } from '#lib/ml/training/data-order';
import { createUpdater, type UpdateConfig, type UpdateReport, type Updater } from '#lib/ml/training/update';
import type { CheckpointData, SampleRow, StepMetrics } from './trainer';

/** What the loop itself reads of a config. */
interface DirectLoopConfig extends UpdateConfig {
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly schedule: ScheduleConfig;
  readonly evaluateEvery: number | null;
  readonly patience: number | null;
  readonly keepBest: boolean;
  readonly checkpointEvery: number;
}

export interface DirectResult {
  readonly steps: number;
  /** The update whose weights the model holds now: the one of lowest validation loss where `keepBest`, else the last. */
  readonly bestStep: number;
  /** Measured at the end, on the weights that the model holds; null where the split is empty. Names as in docs/metrics.md without the prefix. */
  readonly validation: Readonly<Record<string, number>> | null;
  readonly test: Readonly<Record<string, number>> | null;
}

const checkpointState = z.object({
  kind: z.string(),
  seed: z.number(),
  step: z.number(),
  totalSteps: z.number(),
  examples: z.number(),
  updates: z.number(),
  bestStep: z.number(),
  bestLoss: z.number().nullable(),
  sinceBest: z.number(),
});
type CheckpointState = z.infer<typeof checkpointState>;

/** Throws BAD_INPUT where the checkpoint is not of this run. */
function parseState(json: unknown, wanted: Pick<CheckpointState, 'kind' | 'seed' | 'totalSteps' | 'examples'>): CheckpointState {
  const parsed = checkpointState.safeParse(json);
  if (!parsed.success || parsed.data.kind !== wanted.kind) {
    throw new AppError('BAD_INPUT', `The checkpoint is not one of a ${wanted.kind.toUpperCase()} run, or it is damaged.`, {
      remedy: 'Start the run anew.',
    });
  }
  const { examples, seed, totalSteps } = parsed.data;
  if (seed !== wanted.seed || totalSteps !== wanted.totalSteps || examples !== wanted.examples) {
    throw new AppError('BAD_INPUT', 'The checkpoint was written under another seed, other data or another number of epochs.', {
      details: { seed, totalSteps, examples },
      remedy: 'Give the data and the config of the run that wrote it, or start the run anew.',
    });
  }
  return parsed.data;
}

/** One update as an algorithm does it: the batch's loss and what is to be known of it. */
export type DirectUpdate<Item> = (
  batch: readonly Item[],
  updater: Updater,
  at: { readonly learningRate: number; readonly step: number },
) => { readonly report: UpdateReport; readonly metrics: Readonly<Record<string, number>> };

/**
 * The loop of what learns from a fixed data set (DPO, KTO): the batch of a step is a function of (seed, kind, step), so that weights, moments and the
 * step are all that a checkpoint holds. `measure` gives a loss and other figures on a split, without gradient.
 *
 * Throws CANCELLED (or the signal's own AppError) between updates, INVARIANT as the updater does, BAD_INPUT on a checkpoint of another run.
 */
export async function* trainDirectly<Item>(options: {
  readonly kind: 'dpo' | 'kto';
  readonly engine: Engine;
  readonly policy: LanguageModel;
  readonly config: DirectLoopConfig;
  /** What a batch is made of: examples, or groups of them. */
  readonly items: readonly Item[];
  readonly update: DirectUpdate<Item>;
  readonly measure: (split: 'VALIDATION' | 'TEST') => Promise<Readonly<Record<string, number>> | null>;
  readonly samples: () => Promise<SampleRow[]>;
  readonly signal: AbortSignal;
  readonly state?: CheckpointData;
}): AsyncGenerator<StepMetrics, DirectResult> {
  const { config, engine, items, kind, measure, policy, signal } = options;
  const perEpoch = stepsPerEpoch(items.length, config.batchSize);
  const totalSteps = perEpoch * config.epochs;
  const identity = { kind, seed: config.seed, totalSteps, examples: items.length };
  const resumed = options.state && parseState(options.state.json, identity);
  const { trainable } = policy.trunk;
  const stored = options.state?.tensors;
  const adam = startTraining(engine, trainable, 'policy', stored && { tensors: stored, updates: resumed?.updates ?? 0 });
  const updater = createUpdater({ engine, name: 'policy', parameters: trainable, adam, config });
  let step = resumed?.step ?? 0;
  let { bestStep, bestLoss, sinceBest } = resumed ?? { bestStep: 0, bestLoss: null, sinceBest: 0 };
  let best: Record<string, TensorData> = Object.fromEntries(Object.entries(stored ?? {}).filter(([name]) => name.startsWith('best.')));

  const checkpoint = (): CheckpointData => {
    const tensors: Record<string, TensorData> = { ...best };
    exportTraining(trainable, adam, 'policy', tensors);
    const json: CheckpointState = { ...identity, step, updates: adam.step, bestStep, bestLoss, sinceBest };
    return { step, tensors, json };
  };

  /** Notes whether this evaluation is the best one so far. */
  const judge = (loss: number) => {
    sinceBest += 1;
    if (bestLoss !== null && loss >= bestLoss) return;
    bestLoss = loss;
    bestStep = step;
    sinceBest = 0;
    if (!config.keepBest) return;
    best = {};
    exportParameters(trainable, 'best.', best);
  };

  try {
    if (step === 0) {
      const samples = await options.samples();
      if (samples.length > 0) yield { step, totalSteps, phase: kind, metrics: {}, samples };
    }
    let stopped = config.patience !== null && sinceBest >= config.patience;
    while (step < totalSteps && !stopped) {
      await breathe(signal);
      const batch = batchOf(items, { seed: config.seed, name: kind, batchSize: config.batchSize, step });
      const learningRate = config.learningRate * scheduleFactor(config.schedule, step, totalSteps);
      const started = performance.now();
      const { metrics: figures, report } = options.update(batch, updater, { learningRate, step: step + 1 });
      const seconds = (performance.now() - started) / 1000;
      step += 1;
      const metrics: Record<string, number> = {
        epoch: step / perEpoch,
        'train/loss': report.loss,
        ...figures,
        'train/gradientNorm': report.gradientNorm,
        'train/learningRate': learningRate,
        'time/update': seconds,
      };
      const last = step === totalSteps;
      const due = last || step % (config.evaluateEvery ?? perEpoch) === 0;
      const measured = due ? await measure('VALIDATION') : null;
      if (measured) {
        for (const [name, value] of Object.entries(measured)) metrics[`validation/${name}`] = value;
        judge(measured.loss as number);
        stopped = config.patience !== null && sinceBest >= config.patience;
      }
      const samples = due ? await options.samples() : [];
      const keep = last || stopped || step % config.checkpointEvery === 0;
      yield {
        step,
        totalSteps,
        phase: kind,
        metrics,
        ...(samples.length > 0 ? { samples } : {}),
        ...(keep ? { checkpoint: checkpoint() } : {}),
      };
    }
    const restored = config.keepBest && bestLoss !== null;
    if (restored) importParameters(trainable, 'best.', best);
    const [validation, test] = [await measure('VALIDATION'), await measure('TEST')];
    return { steps: step, bestStep: restored ? bestStep : step, validation, test };
  } finally {
    adam.dispose();
  }
}
