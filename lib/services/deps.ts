import type { Logger } from 'pino';
import type { BlobStore } from '#lib/blobs/blob-store';
import type { Db } from '#lib/db/create-db';
import type { Clock } from '#lib/domain/clock';
import type { EngineSettings } from '#lib/domain/engine-settings';
import type { Queues } from '#lib/queues/queues';

/** What the services read of the configuration; parsed once from the environment in lib/env.ts. */
interface AppConfig {
  /** The folder that holds everything of an installation (PLUMBLINE_HOME). */
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  readonly engine: EngineSettings;
  /** A worker says this often that it and its run live. */
  readonly heartbeatSeconds: number;
  /** Silence after which a run is taken from its worker. */
  readonly staleSeconds: number;
  /** Starts of a run that bring it no further before it is given up. */
  readonly maxAttempts: number;
}

/** What a service works with; built once a process in lib/deps.ts, or by a test. */
export interface Deps {
  readonly db: Db;
  readonly queues: Queues;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: AppConfig;
}
