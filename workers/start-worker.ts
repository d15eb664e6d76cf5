import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { chat } from '#lib/queues/chat';
import { runPayload } from '#lib/queues/compute';
import { computeCpu } from '#lib/queues/compute-cpu';
import { computeGpu } from '#lib/queues/compute-gpu';
import { type JobWork, migrateQueues, type OpenWorker, openWorker, type QueueSettings } from '#lib/queues/connection';
import { general } from '#lib/queues/general';
import { failTurn } from '#lib/services/chat/fail-turn';
import type { Deps } from '#lib/services/deps';
import { sweep } from '#lib/services/outbox/sweep';
import { takeBackRun } from '#lib/services/runs/take-back-run';
import { type HeldRun, heartbeatWorker } from '#lib/services/workers/heartbeat-worker';
import { registerWorker, removeWorker } from '#lib/services/workers/register-worker';
import { chatEngine, engineEnvironment } from './engine-settings';
import { processGeneral } from './processors/general';
import { repeat } from './repeat';

export const workerQueues = ['general', 'chat', 'compute-cpu', 'compute-gpu'] as const;
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

/** The file of a sandboxed processor: beside this one in the build, its source in development and tests. */
function childFile(name: 'run-child' | 'chat-child'): { file: URL; execArgv: string[] } {
  const built = !import.meta.url.endsWith('.ts');
  return built
    ? { file: new URL(`./${name}.mjs`, import.meta.url), execArgv: [] }
    : { file: new URL(`./${name}.ts`, import.meta.url), execArgv: ['--import', 'tsx'] };
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

  const shortJobs: JobWork = async (job) => {
    await processGeneral(deps, job.data);
    sweeping.now();
  };
  const open = queues.map((name): OpenWorker => {
    const opened = openQueue(name, options, shortJobs);
    const wake = () => void sweeping.now();
    if (name === 'chat') watchTurns(deps, opened, wake);
    else if (name !== 'general') watchRuns(deps, opened, held, () => void beating.now(), wake);
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

function openQueue(name: WorkerQueue, { settings, environment, deps }: WorkerOptions, shortJobs: JobWork): OpenWorker {
  if (name === 'general') return openWorker(settings, general, shortJobs, generalConcurrency);
  const engine = name === 'chat' ? chatEngine(deps.config.engine) : deps.config.engine;
  const env = { ...environment, ...engineEnvironment(engine, environment) };
  if (name === 'chat') return openWorker(settings, chat, { ...childFile('chat-child'), env }, 1);
  return openWorker(settings, name === 'compute-gpu' ? computeGpu : computeCpu, { ...childFile('run-child'), env }, 1);
}

/** Makes another attempt at a turn whose child died, or could not reach the record. */
function watchTurns(deps: Deps, opened: OpenWorker, wake: () => void): void {
  opened.worker.on('completed', wake);
  opened.worker.on('failed', (job, error) => {
    const turn = chat.payload.safeParse(job?.data);
    // A lock that was not renewed proves nothing: the sweep looks at it.
    if (!turn.success || error.message.includes('stalled')) return wake();
    deps.logger.error({ err: error, ...turn.data }, 'a turn of a conversation was not answered');
    failTurn(deps, turn.data, error.message)
      .then(wake)
      .catch((failure) => deps.logger.warn({ err: failure }, 'the turn could not be given back; the sweep does it'));
  });
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
    const why = /^(Unexpected exit code|Error initializing child)/.test(error.message) ? describeExit(error.message) : error.message;
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
