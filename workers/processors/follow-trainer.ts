import type { StepMetrics } from '#lib/ml/trainers/trainer';
import { writeStep } from '#lib/services/runs/write-step';
import { persist } from './persist';
import type { RunContext } from './run-context';
import { saveCheckpoint } from './training-checkpoints';

/** Drives a trainer to its end: keeps each step's numbers, then the checkpoint that says the step was kept. */
export async function followTrainer<Result>(context: RunContext, steps: AsyncGenerator<StepMetrics, Result>): Promise<Result> {
  const { deps, claim, signal } = context;
  for (;;) {
    const next = await steps.next();
    if (next.done) return next.value;
    const { step, totalSteps, phase, metrics, samples, checkpoint } = next.value;
    const row = Object.keys(metrics).length > 0 ? { metrics } : {};
    await persist(deps, signal, () => writeStep(deps, claim, { step, totalSteps, phase, ...row, ...(samples ? { samples } : {}) }));
    if (checkpoint) await saveCheckpoint(context, checkpoint);
  }
}
