import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FolderStore } from '#lib/blobs/folder-store';
import { systemActor } from '#lib/domain/actor';
import { systemClock } from '#lib/domain/clock';
import type { LoopConfigInput } from '#lib/domain/loop-config';
import { createLogger } from '#lib/logger';
import { migrateQueues, type QueueSettings } from '#lib/queues/connection';
import { connectQueues } from '#lib/queues/queues';
import { importPrompts } from '#lib/services/data/import-prompts';
import type { Deps } from '#lib/services/deps';
import { importModel } from '#lib/services/models/import-model';
import { createProject } from '#lib/services/projects/create-project';
import { storeFiles } from '../../workers/processors/store-model';
import { createTestDatabase, type TestDatabase } from './database';
import { testRedisUrl } from './redis';
import { tinyModel } from './tiny-model';

export const backends = ['postgres', 'redis'] as const;
export type Backend = (typeof backends)[number];

export interface LoopBench {
  readonly deps: Deps;
  readonly settings: QueueSettings;
  readonly folder: string;
  /** What a worker process of this bench gets as its environment. */
  readonly environment: NodeJS.ProcessEnv;
  drop(): Promise<void>;
}

export const actor = systemActor('test');

/** Real database, real queue, real folder of blobs; everything of its own. */
export async function createBench(
  backend: Backend = 'postgres',
  overrides: Partial<Deps['config']> = {},
  given?: TestDatabase,
): Promise<LoopBench> {
  const database = given ?? (await createTestDatabase());
  const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-loop-'));
  const redisUrl = backend === 'redis' ? testRedisUrl() : null;
  const settings: QueueSettings = { databaseUrl: database.url, redisUrl, prefix: `test-${path.basename(folder)}` };
  await migrateQueues(settings);
  const queues = connectQueues(settings, () => undefined);
  const config: Deps['config'] = {
    dataDir: folder,
    databaseUrl: database.url,
    redisUrl,
    engine: { backend: 'auto', device: 'auto', threads: 1, nativeLibrary: null, hugePages: true, memoryLimitBytes: null },
    heartbeatSeconds: 1,
    staleSeconds: 5,
    maxAttempts: 3,
    ...overrides,
  };
  const logger = createLogger({ name: 'test', level: process.env.TEST_LOG_LEVEL ?? 'silent' });
  const deps: Deps = { db: database.db, queues, blobs: new FolderStore(path.join(folder, 'blobs')), clock: systemClock, logger, config };
  return {
    deps,
    settings,
    folder,
    environment: {
      ...process.env,
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl ?? '',
      PLUMBLINE_HOME: folder,
      PLUMBLINE_THREADS: '1',
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
      PLUMBLINE_HEARTBEAT_SECONDS: '1',
      PLUMBLINE_STALE_SECONDS: '10',
    },
    drop: async () => {
      await queues.close();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface TestLoop {
  readonly projectId: string;
  readonly referenceId: string;
  readonly datasetId: string;
}

const words = ['cat', 'dog', 'sun', 'sea', 'tree', 'rain', 'moon', 'bird'];

/** A project with a tiny model and prompts in all three splits. */
export async function createTestProject(deps: Deps, prompts = 60): Promise<TestLoop> {
  const { projectId } = await createProject(deps, actor, { name: `Loop ${Math.random()}` });
  const files = await storeFiles(deps, tinyModel(), { source: 'test' });
  const { modelId } = await importModel(deps, actor, { projectId, name: 'tiny sft' }, files);
  const lines = Array.from({ length: prompts }, (_, index) =>
    JSON.stringify({ prompt: `${words[index % 8]} ${words[Math.floor(index / 8) % 8]} ${'abcdefgh'[index % 7]}` }),
  );
  const { datasetId } = await importPrompts(deps, actor, {
    projectId,
    name: 'prompts',
    bytes: new TextEncoder().encode(lines.join('\n')),
    fractions: { train: 0.6, validation: 0.2, test: 0.2 },
  });
  return { projectId, referenceId: modelId, datasetId };
}

/** Small enough for a round in seconds; nothing left out. */
export const quickConfig: LoopConfigInput = {
  seed: 7,
  responsesPerPrompt: 3,
  promptsPerRound: 16,
  maxRounds: 2,
  sampling: { temperature: 1, maxNewTokens: 8, batchSize: 16 },
  reward: { epochs: 4, batchSize: 8, learningRate: 0.01, checkpointEvery: 2 },
  gate: { minimumAccuracyLow: 0 },
  policy: {
    steps: 6,
    rolloutBatchSize: 16,
    minibatchSize: 8,
    innerEpochs: 2,
    maxNewTokens: 8,
    policyLearningRate: 0.003,
    valueLearningRate: 0.003,
    checkpointEvery: 2,
    evaluateEvery: 2,
    samplePrompts: 2,
  },
  evaluation: { prompts: 6, comparisons: 6, temperature: 1 },
  decision: { rule: 'win-rate', threshold: 0.4 },
};
