import { randomUUID } from 'node:crypto';
import { AppError } from '#lib/errors';
import { chat } from './chat';
import { computeCpu } from './compute-cpu';
import { computeGpu } from './compute-gpu';
import { type OpenQueue, openQueue, type QueueSettings } from './connection';
import type { QueueDefinition } from './define-queue';
import { general } from './general';

interface RunJob {
  readonly runId: string;
  readonly attempt: number;
  readonly device: 'CPU' | 'GPU';
}

interface OutboxJob {
  readonly outboxId: string;
  readonly attempt: number;
  /** Of the row; a turn of a conversation has a queue of its own, so that nobody waits for it behind an import. */
  readonly kind?: string;
}

/** What services may do with the queues. A queue carries ids only and may be lost whole: the outbox is the record. */
export interface Queues {
  readonly backend: 'postgres' | 'redis';
  /** Asks a worker to look at the outbox now. Never throws: a sweep finds the rows anyway. */
  wake(): Promise<void>;
  enqueueRun(job: RunJob): Promise<void>;
  enqueueOutbox(job: OutboxJob): Promise<void>;
  /** Whether the queue still holds the job, waiting or taken. */
  isRunLive(job: RunJob): Promise<boolean>;
  isOutboxLive(job: OutboxJob): Promise<boolean>;
  /** Throws UNAVAILABLE where the queue does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const keep = { count: 100 };
const answerWithin = 5_000;
/** Nobody waits for a wake-up: a sweep does the same within seconds. */
const wakeWithin = 1_000;

/** BullMQ refuses ':' and bare integers in job ids; the attempt keeps a finished job from swallowing the next one. */
function runJobId(job: { readonly runId: string; readonly attempt: number }): string {
  return `run-${job.runId}-a${job.attempt}`;
}

function outboxJobId(job: OutboxJob): string {
  return `outbox-${job.outboxId}-a${job.attempt}`;
}

/** Connects at the first use, so that building the web pages opens nothing. `onError` hears what a connection says later. */
export function connectQueues(settings: QueueSettings, onError: (error: Error) => void): Queues {
  const open = new Map<string, OpenQueue>();
  const of = (definition: QueueDefinition<unknown>) => {
    let opened = open.get(definition.name);
    if (!opened) {
      opened = openQueue(settings, definition);
      opened.queue.on('error', onError);
      open.set(definition.name, opened);
    }
    return opened.queue;
  };
  const add = async <Payload>(definition: QueueDefinition<Payload>, payload: Payload, jobId: string, within = answerWithin) => {
    const data = definition.payload.parse(payload);
    const options = { jobId, attempts: 1, removeOnComplete: keep, removeOnFail: keep };
    await answered(of(definition).add(definition.name, data, options), within);
  };
  const isLive = async (definition: QueueDefinition<unknown>, jobId: string) => {
    const state = await answered(of(definition).getJobState(jobId));
    return state !== 'unknown' && state !== 'completed' && state !== 'failed';
  };
  const compute = (job: RunJob) => (job.device === 'GPU' ? computeGpu : computeCpu);

  return {
    backend: settings.redisUrl ? 'redis' : 'postgres',
    wake: async () => {
      try {
        await add(general, { kind: 'wake' }, `wake-${randomUUID()}`, wakeWithin);
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)));
      }
    },
    enqueueRun: (job) => add(compute(job), { runId: job.runId, attempt: job.attempt }, runJobId(job)),
    enqueueOutbox: ({ kind, outboxId, attempt }) =>
      kind === 'chat-turn'
        ? add(chat, { outboxId, attempt }, outboxJobId({ outboxId, attempt }))
        : add(general, { kind: 'outbox', outboxId, attempt }, outboxJobId({ outboxId, attempt })),
    isRunLive: (job) => isLive(compute(job), runJobId(job)),
    isOutboxLive: (job) => isLive(job.kind === 'chat-turn' ? chat : general, outboxJobId(job)),
    ping: async () => {
      await answered(of(general).getJobCounts('waiting'));
    },
    close: async () => {
      await Promise.all([...open.values()].map((opened) => opened.close()));
      open.clear();
    },
  };
}

/** A queue server that is gone must not hang a request. */
async function answered<T>(work: Promise<T>, within = answerWithin): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unavailable(`it did not answer in ${within / 1000} s`)), within);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unavailable(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(why: string): AppError {
  return new AppError('UNAVAILABLE', `The job queue cannot be reached: ${why}.`, {
    remedy: 'Nothing is lost: waiting work starts by itself once the queue answers. See "plumbline doctor".',
  });
}
