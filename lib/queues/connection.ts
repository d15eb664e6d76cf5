import { type ChildPool, createPostgresBackend, type Processor, Queue, runMigrations, Worker, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { QueueDefinition } from './define-queue';

/** Where the queues live: in the database, or in Redis where a URL is given. */
export interface QueueSettings {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  /** Schema of the queue tables in the database. */
  readonly schema?: string;
  /** Key prefix in Redis. */
  readonly prefix?: string;
}

const postgres = withBackend(createPostgresBackend);
const defaultSchema = 'bullmq';
const defaultPrefix = 'plumbline';

/** Creates the queue tables. Safe to call again, and from several processes at once; nothing to do on Redis. */
export async function migrateQueues(settings: QueueSettings): Promise<void> {
  if (settings.redisUrl) return;
  const client = new Client({ connectionString: settings.databaseUrl });
  await client.connect();
  try {
    await runMigrations(client, settings.schema ?? defaultSchema);
  } finally {
    await client.end();
  }
}

/** Blocking reads wait without end; a producer instead gives up on a server that does not answer. */
function redis(url: string, use: 'produce' | 'consume'): Redis {
  return new Redis(url, { maxRetriesPerRequest: use === 'consume' ? null : 1, connectTimeout: 5_000 });
}

function postgresPool(settings: QueueSettings, max: number) {
  return { connectionString: settings.databaseUrl, schema: settings.schema ?? defaultSchema, max };
}

export interface OpenQueue {
  readonly queue: Queue;
  close(): Promise<void>;
}

/** Opens a connection at once: call it at the first use, never at import. */
export function openQueue(settings: QueueSettings, definition: QueueDefinition<unknown>): OpenQueue {
  if (settings.redisUrl) {
    const connection = redis(settings.redisUrl, 'produce');
    const queue = new Queue(definition.name, { connection, prefix: settings.prefix ?? defaultPrefix });
    return {
      queue,
      close: async () => {
        await queue.close();
        connection.disconnect();
      },
    };
  }
  const queue = new postgres.Queue(definition.name, { connection: postgresPool(settings, 2) });
  return { queue: queue as unknown as Queue, close: () => queue.close() };
}

/** A function, or the file of a sandboxed processor (its default export) that runs in a child process. */
export type JobWork = Processor | { readonly file: URL; readonly execArgv: readonly string[]; readonly env: NodeJS.ProcessEnv };

export interface OpenWorker {
  readonly worker: Worker;
  close(force?: boolean): Promise<void>;
}

/**
 * BullMQ hears that a child ended before it was ready by its `close`, but drops its listeners at `exit`, which comes first: the job would
 * wait for that child without end, and its queue with it. (6.7.0: `Child.init`)
 */
function hearEarlyEnds(worker: unknown): void {
  const { childPool } = worker as { readonly childPool: ChildPool };
  const { remove } = childPool;
  // Called at the exit of each child, while the listeners are there.
  childPool.remove = (child) => {
    remove.call(childPool, child);
    if (child.exitCode !== null || child.signalCode !== null) child.emit('close', child.exitCode, child.signalCode);
  };
}

/**
 * Consumes a queue. The lock is renewed by this process, not by the sandboxed child, so a long step never loses it. A job is never retried
 * by the queue: the sweeper owns retries.
 */
export function openWorker(settings: QueueSettings, definition: QueueDefinition<unknown>, work: JobWork, concurrency: number): OpenWorker {
  const sandboxed = typeof work !== 'function';
  const processor = sandboxed ? work.file : work;
  const options = {
    concurrency,
    lockDuration: 30_000,
    stalledInterval: 15_000,
    maxStalledCount: 0,
    ...(sandboxed ? { workerForkOptions: { execArgv: [...work.execArgv], env: work.env, serialization: 'json' as const } } : {}),
  };
  if (settings.redisUrl) {
    const connection = redis(settings.redisUrl, 'consume');
    const worker = new Worker(definition.name, processor, { ...options, connection, prefix: settings.prefix ?? defaultPrefix });
    if (sandboxed) hearEarlyEnds(worker);
    return {
      worker,
      close: async (force = false) => {
        await worker.close(force);
        connection.disconnect();
      },
    };
  }
  const worker = new postgres.Worker(definition.name, processor as Processor, { ...options, connection: postgresPool(settings, 3) });
  if (sandboxed) hearEarlyEnds(worker);
  return { worker: worker as unknown as Worker, close: (force = false) => worker.close(force) };
}
