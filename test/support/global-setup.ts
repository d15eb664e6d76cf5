import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrateDatabase } from '../../scripts/embedded/migrate';
import { startPostgres } from '../../scripts/embedded/postgres';
import { redisInstalled, startRedis } from '../../scripts/embedded/redis';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address of the maintenance database of the test cluster. */
    testServerUrl: string;
    /** Empty where redis-server is not installed. */
    testRedisUrl: string;
  }
}

export const templateName = 'plumbline_template';

/** One PostgreSQL cluster with one migrated template, and one Redis, for all test files of a run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'plumbline-test-'));
  const postgres = await startPostgres({ folder: path.join(folder, 'postgres') });
  await postgres.createDatabase(templateName);
  await migrateDatabase(path.resolve(import.meta.dirname, '../..'), postgres.url(templateName));
  const redis = redisInstalled() ? await startRedis(folder) : undefined;
  project.provide('testServerUrl', postgres.url('postgres'));
  project.provide('testRedisUrl', redis?.url ?? '');
  return async () => {
    await redis?.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
