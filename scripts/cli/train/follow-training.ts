import { AppError } from '#lib/errors';
import type { EngineMode } from '#lib/ml/engine/engine';
import type { StepMetrics } from '#lib/ml/trainers/trainer';
import { formatDuration, type Terminal } from '../terminal';
import type { Algorithm, PreparedRun } from './algorithm';
import { metricsRow, type OutFolder } from './out-folder';

interface Following {
  readonly run: PreparedRun;
  readonly out: OutFolder;
  readonly best: Algorithm['best'];
  readonly engine: EngineMode;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** Gets each step; with --json only. */
  readonly print: ((row: Readonly<Record<string, unknown>>) => void) | undefined;
}

const shownMetrics = ['train/loss', 'train/accuracy', 'validation/loss', 'validation/accuracy', 'reward/score', 'policy/kl'] as const;

function figures(metrics: StepMetrics['metrics']): string {
  const shown = shownMetrics.flatMap((name) => (metrics[name] === undefined ? [] : [`${name} ${metrics[name].toPrecision(4)}`]));
  return shown.length > 0 ? `, ${shown.join(', ')}` : '';
}

/** What people read: step, figures, rate and time left. */
function progressOf(terminal: Terminal, from: number) {
  const since = performance.now();
  return ({ metrics, phase, step, totalSteps }: StepMetrics) => {
    if (Object.keys(metrics).length === 0) return terminal.progress(step === 0 ? phase : `${phase}, step ${step} of ${totalSteps}`);
    const seconds = (performance.now() - since) / 1000;
    const rate = (step - from) / Math.max(seconds, 1e-3);
    const pace = rate >= 1 ? `${rate.toFixed(1)} steps/s` : `${(1 / rate).toFixed(1)} s a step`;
    terminal.progress(`step ${step} of ${totalSteps}${figures(metrics)}, ${pace}, ${formatDuration((totalSteps - step) / rate)} left`);
  };
}

/**
 * Runs the trainer to its end and writes what it yields. After Ctrl-C the step that is running is finished and its checkpoint written.
 * @throws AppError CANCELLED then, and whatever the trainer throws
 */
export async function followTraining(following: Following): Promise<unknown> {
  const { best, engine, out, print, run, signal, terminal } = following;
  const from = out.resumed?.step ?? 0;
  let done = from;
  let saved = from;
  // before the first step nothing is lost by stopping in the middle; later the trainer is not disturbed
  const early = new AbortController();
  const onAbort = () => {
    if (done === from) early.abort();
    else terminal.line('Stopping after this step ...');
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const show = progressOf(terminal, from);
  const judge = ({ metrics }: StepMetrics) => {
    const value = metrics[best.metric];
    return value === undefined ? null : best.wanted === 'lowest' ? value : -value;
  };
  const training = run.train({ state: out.resumed, signal: early.signal });
  try {
    for (let next = await training.next(); ; next = await training.next()) {
      if (next.done) return next.value;
      const step = next.value;
      await out.write(step, { engine, judged: judge(step) });
      done = step.step;
      if (step.checkpoint) saved = step.step;
      if (Object.keys(step.metrics).length > 0) print?.(metricsRow(step));
      show(step);
      if (signal.aborted && saved === done && done < step.totalSteps) throw stopped(out.folder, saved, step.totalSteps);
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'CANCELLED' && done === from) throw stopped(out.folder, saved, run.totalSteps);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    terminal.endProgress();
    await training.return(undefined);
  }
}

function stopped(folder: string, step: number, totalSteps: number): AppError {
  const kept = step === 0 ? 'before the first step' : `the checkpoint of step ${step} of ${totalSteps} is written`;
  return new AppError('CANCELLED', `Stopped: ${kept}.`, {
    details: { folder, step, totalSteps },
    remedy: 'Run the same command with --resume for the rest.',
  });
}
