import path from 'node:path';
import { FolderStore } from './blobs/folder-store';
import { createDb } from './db/create-db';
import { systemClock } from './domain/clock';
import { loadEnv } from './env';
import { AppError } from './errors';
import { createLogger } from './logger';
import type { QueueSettings } from './queues/connection';
import { connectQueues } from './queues/queues';
import type { Deps } from './services/deps';

export interface ProcessDeps extends Deps {
  readonly queueSettings: QueueSettings;
  close(): Promise<void>;
}

/**
 * What the services of one process work with. Nothing is opened before its first use, so building the web pages opens nothing.
 * @param options.name stands on every line of the log; `databaseUrl` replaces that of the environment (the command line finds the embedded server)
 */
export function createDeps(options: { readonly name: string; readonly databaseUrl?: string }): ProcessDeps {
  const env = loadEnv();
  const databaseUrl = options.databaseUrl ?? env.databaseUrl;
  if (!databaseUrl) {
    throw new AppError('PRECONDITION', 'No database is known to this process.', {
      remedy: 'Start everything with "npm start", or set DATABASE_URL.',
    });
  }
  const logger = createLogger({ name: options.name, level: env.logLevel });
  const db = createDb(databaseUrl, { max: env.databaseConnections });
  const queueSettings: QueueSettings = { databaseUrl, redisUrl: env.redisUrl };
  const queues = connectQueues(queueSettings, (error) => logger.warn({ err: error }, 'the job queue cannot be reached'));
  return {
    db,
    queues,
    blobs: new FolderStore(path.join(env.dataDir, 'blobs')),
    clock: systemClock,
    logger,
    config: {
      dataDir: env.dataDir,
      databaseUrl,
      redisUrl: env.redisUrl,
      engine: env.engine,
      heartbeatSeconds: env.heartbeatSeconds,
      staleSeconds: env.staleSeconds,
      maxAttempts: env.maxAttempts,
    },
    queueSettings,
    close: async () => {
      await queues.close();
      await db.$disconnect();
    },
  };
}
