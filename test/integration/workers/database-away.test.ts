import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb } from '#lib/db/create-db';
import { migrateDatabase } from '../../../scripts/embedded/migrate';
import { type EmbeddedPostgres, startPostgres } from '../../../scripts/embedded/postgres';
import { createBench, type LoopBench } from '../../support/loop';
import { createPpoRuns, type PpoRuns } from '../../support/ppo-runs';
import { spawnWorker, type WorkerProcess } from '../../support/worker-process';

describe('kill -9 of PostgreSQL in the middle of PPO', { timeout: 600_000 }, () => {
  let folder: string;
  let server: EmbeddedPostgres;
  let bench: LoopBench;
  let runs: PpoRuns;
  let worker: WorkerProcess;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'plumbline-away-'));
    server = await startPostgres({ folder: path.join(folder, 'postgres') });
    await server.createDatabase('plumbline');
    const url = server.url('plumbline');
    await migrateDatabase(path.resolve(import.meta.dirname, '../../..'), url);
    const db = createDb(url);
    bench = await createBench('postgres', {}, { url, db, drop: () => db.$disconnect() });
    runs = await createPpoRuns(bench);
    worker = spawnWorker(bench);
  }, 600_000);
  afterAll(async () => {
    await worker?.kill('SIGTERM');
    await bench?.drop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('costs the run time, and not a bit', async () => {
    const undisturbed = await runs.outcome(await runs.start());
    const runId = await runs.start();
    await runs.reach(runId, 6);
    const postmaster = Number(readFileSync(path.join(folder, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(postmaster, 'SIGKILL');
    await sleep(3000);
    await server.revive();
    expect(await runs.outcome(runId)).toEqual(undisturbed);
    expect(await bench.deps.db.outbox.count({ where: { doneAt: null } })).toBe(0);
  });
});
