import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { runPayload } from '#lib/queues/compute';
import { computeCpu } from '#lib/queues/compute-cpu';
import { computeGpu } from '#lib/queues/compute-gpu';
import { type JobWork, migrateQueues, type OpenWorker, openWorker, type QueueSettings } from '#lib/queues/connection';
import { general } from '#lib/queues/general';
import type { Deps } from '#lib/services/deps';
import { sweep } from '#lib/services/outbox/sweep';
import { takeBackRun } from '#lib/services/runs/take-back-run';
import { type HeldRun, heartbeatWorker } from '#lib/services/workers/heartbeat-worker';
import { registerWorker, removeWorker } from '#lib/services/workers/register-worker';
import { engineEnvironment } from './engine-settings';
import { processGeneral } from './processors/general';
import { repeat } from './repeat';

export const workerQueues = ['general', 'compute-cpu', 'compute-gpu'] as const;
export type WorkerQueue = (typeof workerQueues)[number];

export interface WorkerOptions {
  readonly deps: Deps;
  readonly queues: readonly WorkerQueue[];
  readonly settings: QueueSettings;
  /** What a child process gets as its environment, beside what TensorFlow needs. */
  readonly environment: NodeJS.ProcessEnv;
  /** How often the outbox is swept, milliseconds. */
  readonly sweepEvery?: number;
}

export interface RunningWorker {
  readonly id: string;
  /** Takes no new job, asks the running child to stop at its next step and gives its run back, then ends. */
  close(): Promise<void>;
}

const generalConcurrency = 4;

/** The file of the sandboxed processor: beside this one in the build, its source in development and tests. */
function childFile(): { file: URL; execArgv: string[] } {
  const built = !import.meta.url.endsWith('.ts');
  return built
    ? { file: new URL('./run-child.mjs', import.meta.url), execArgv: [] }
    : { file: new URL('./run-child.ts', import.meta.url), execArgv: ['--import', 'tsx'] };
}

/** Starts a worker process: consumes the queues, renews what it holds, sweeps the outbox. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { deps, settings, queues } = options;
  const id = randomUUID();
  const held = new Map<string, HeldRun>();
  await migrateQueues(settings);
  await registerWorker(deps, { id, hostname: hostname(), pid: process.pid, queues });

  let lastFailure = deps.clock.now();
  const said = new Map<string, number>();
  const failing = (error: unknown, what: string) => {
    lastFailure = deps.clock.now();
    // A lost database is said every ten seconds, not at each of the many tries a second.
    if (lastFailure.getTime() - (said.get(what) ?? 0) < 10_000) return;
    said.set(what, lastFailure.getTime());
    deps.logger.warn({ err: error }, `${what}; it is tried again`);
  };
  const sweeping = repeat(options.sweepEvery ?? 2_000, async () => {
    await sweep(deps, lastFailure, new Set(held.keys())).catch((error) => failing(error, 'the outbox could not be swept'));
  });
  const beating = repeat(deps.config.heartbeatSeconds * 1000, async () => {
    await heartbeatWorker(deps, id, [...held.values()]).catch((error) => failing(error, 'the heartbeat could not be written'));
  });

  const open = queues.map((name): OpenWorker => {
    const opened =
      name === 'general'
        ? openWorker(
            settings,
            general,
            async (job) => {
              await processGeneral(deps, job.data);
              sweeping.now();
            },
            generalConcurrency,
          )
        : openWorker(settings, name === 'compute-gpu' ? computeGpu : computeCpu, compute(options), 1);
    if (name !== 'general')
      watchRuns(
        deps,
        opened,
        held,
        () => void beating.now(),
        () => void sweeping.now(),
      );
    opened.worker.on('error', (error) => failing(error, `the queue ${name} could not be read`));
    return opened;
  });
  sweeping.now();
  deps.logger.info({ workerId: id, queues, backend: deps.queues.backend }, 'worker started');

  return {
    id,
    close: async () => {
      await sweeping.stop();
      for (const each of open) each.worker.cancelAllJobs('shutdown');
      await Promise.all(open.map((each) => each.close()));
      await beating.stop();
      await removeWorker(deps, id).catch(() => undefined);
    },
  };
}

function compute(options: WorkerOptions): JobWork {
  const { environment, deps } = options;
  return { ...childFile(), env: { ...environment, ...engineEnvironment(deps.config.engine, environment) } };
}

/** Keeps the list of runs that child processes of this worker work on, and takes a run back the moment its child dies. */
function watchRuns(deps: Deps, opened: OpenWorker, held: Map<string, HeldRun>, beat: () => void, wake: () => void): void {
  opened.worker.on('active', (job) => {
    const payload = runPayload.safeParse(job.data);
    if (!payload.success) return;
    held.set(payload.data.runId, payload.data);
    beat();
  });
  opened.worker.on('completed', (job) => {
    held.delete(String(job.data.runId));
    wake();
  });
  opened.worker.on('failed', (job, error) => {
    const payload = runPayload.safeParse(job?.data);
    if (!payload.success) return;
    // A lock that was not renewed in time proves nothing, and its child may be at work: the run's heartbeat decides, and the sweep looks at it.
    if (error.message.includes('stalled')) {
      wake();
      return;
    }
    held.delete(payload.data.runId);
    deps.logger.error({ err: error, ...payload.data }, 'the process of a run ended');
    const why = error.message.startsWith('Unexpected exit code') ? describeExit(error.message) : error.message;
    takeBackRun(deps, { ...payload.data, why })
      .then(wake)
      .catch((failure) => deps.logger.warn({ err: failure }, 'a run could not be taken back; the sweep does it'));
  });
}

function describeExit(message: string): string {
  return message.includes('SIGKILL')
    ? 'it was killed, most often because memory ran out.'
    : `it ended by itself (${message.toLowerCase()}).`;
}
