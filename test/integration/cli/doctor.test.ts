import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { testRedisUrl } from '../../support/redis';
import { type CliOptions, type CliRun, runCli, scratchFolder } from './run-cli';

const folder = scratchFolder();
let database: TestDatabase;
let healthy: CliOptions;

interface Check {
  readonly id: string;
  readonly state: string;
  readonly message: string;
  readonly remedy?: string;
  readonly facts: Record<string, unknown>;
}

const checkOf = (run: CliRun, id: string) => (run.json.checks as Check[]).find((check) => check.id === id);
const doctor = (options: CliOptions) => runCli(['doctor', '--json'], options);

beforeAll(async () => {
  database = await createTestDatabase();
  // The wasm engine is there on every machine.
  healthy = { home: path.join(folder, 'home'), databaseUrl: database.url, env: { PLUMBLINE_ENGINE: 'wasm' } };
  await runCli(['projects', 'create', '--name', 'Tales', '--json'], healthy);
  mkdirSync(path.join(healthy.home, 'blobs'), { recursive: true });
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

describe('doctor', () => {
  it('finds a healthy installation healthy, and tells its parts', async () => {
    const run = await doctor(healthy);
    expect([run.code, run.json.ok]).toEqual([0, true]);
    expect(run.json.engine).toMatchObject({ backend: 'wasm', device: 'cpu', correct: true });
    expect(run.json.database).toMatchObject({ embedded: false });
    expect((run.json.database as { version: string }).version).toMatch(/^1\d\./);
    expect(run.json.durability).toEqual({ fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' });
    expect(checkOf(run, 'schema')).toMatchObject({ state: 'ok', facts: { pending: [], failed: [] } });
    expect(checkOf(run, 'queue')).toMatchObject({ state: 'ok', facts: { backend: 'postgres' } });
    expect(checkOf(run, 'blobs')?.state).toBe('ok');
    expect(checkOf(run, 'disk')?.facts.free).toBeGreaterThan(0);
    expect(checkOf(run, 'workers')).toMatchObject({ state: 'warn', message: 'none runs' });
    for (const check of run.json.checks as Check[]) if (check.state !== 'ok') expect(check.remedy, check.id).toBeTruthy();

    const forPeople = await runCli(['doctor'], { ...healthy, env: { ...healthy.env, REDIS_URL: testRedisUrl() } });
    expect(forPeople.code).toBe(0);
    expect(forPeople.stdout).toMatch(/^✓ ok {4}database/m);
    expect(forPeople.stdout).toMatch(/^! warn {2}workers/m);
    expect(forPeople.stdout).toMatch(/^✓ ok {4}queue +in Redis, answers/m);
    expect(forPeople.stdout).toContain('What to do: Run "npm start" or "plumbline worker"');
  });

  it('names everything that is wrong, with what to do, and ends with 1', async () => {
    const home = path.join(folder, 'broken');
    mkdirSync(home);
    writeFileSync(path.join(home, 'blobs'), 'a file where a folder should be');
    const run = await doctor({
      home,
      databaseUrl: 'postgresql://nobody:secret@127.0.0.1:1/none',
      env: { REDIS_URL: 'redis://127.0.0.1:2', PLUMBLINE_ENGINE: 'native', PLUMBLINE_NATIVE_LIBRARY: path.join(home, 'nothing.node') },
    });
    expect([run.code, run.json.ok]).toEqual([1, false]);
    for (const id of ['engine', 'database', 'queue', 'blobs']) {
      expect(checkOf(run, id)?.state, id).toBe('bad');
      expect(checkOf(run, id)?.remedy, id).toBeTruthy();
    }
    expect(checkOf(run, 'database')?.message).toContain('127.0.0.1:1/none does not answer');
    expect(run.stdout + run.stderr).not.toContain('secret');
  });

  it('tells a setting that costs durability, a migration that failed and one of a newer version', async () => {
    const own = await createTestDatabase();
    try {
      const name = new URL(own.url).pathname.slice(1);
      await own.db.$executeRawUnsafe(`ALTER DATABASE "${name}" SET synchronous_commit = off`);
      await own.db.$executeRawUnsafe(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, applied_steps_count) VALUES ('x', 'x', '20300101000000_later', now(), 0)`,
      );
      const failed = await doctor({ ...healthy, databaseUrl: own.url });
      expect(failed.code).toBe(1);
      expect(checkOf(failed, 'durability')).toMatchObject({ state: 'bad', facts: { synchronous_commit: 'off', fsync: 'on' } });
      expect(checkOf(failed, 'durability')?.remedy).toContain('set synchronous_commit to on');
      expect(checkOf(failed, 'schema')).toMatchObject({ state: 'bad', facts: { failed: ['20300101000000_later'] } });
      await own.db.$executeRawUnsafe(`UPDATE _prisma_migrations SET finished_at = now() WHERE id = 'x'`);
      const newer = await doctor({ ...healthy, databaseUrl: own.url });
      expect(checkOf(newer, 'schema')).toMatchObject({ state: 'bad', facts: { unknown: ['20300101000000_later'] } });
      // Other commands refuse such a database rather than guess.
      const refused = await runCli(['projects', 'list', '--json'], { ...healthy, databaseUrl: own.url });
      expect([refused.code, (refused.json.error as { code: string }).code]).toEqual([1, 'PRECONDITION']);
    } finally {
      await own.drop();
    }
  });

  const compiler = spawnSync('cc', ['--version']).status === 0;
  it.skipIf(!compiler)('survives a native library that crashes when it is loaded (needs a C compiler)', async () => {
    const source = path.join(folder, 'crash.c');
    const library = path.join(folder, 'crash.node');
    writeFileSync(source, '#include <signal.h>\n__attribute__((constructor)) static void crash(void) { raise(SIGSEGV); }\n');
    expect(spawnSync('cc', ['-shared', '-fPIC', '-o', library, source]).status).toBe(0);
    const run = await doctor({ ...healthy, env: { PLUMBLINE_ENGINE: 'native', PLUMBLINE_NATIVE_LIBRARY: library } });
    expect(run.code).toBe(1);
    expect(checkOf(run, 'engine')).toMatchObject({ state: 'bad', message: 'crashed when it was loaded (SIGSEGV)' });
    expect(checkOf(run, 'database')?.state).toBe('ok');
  });

  it('looks at an empty data folder without making anything in it, and names a setting that is wrong', async () => {
    const home = path.join(folder, 'fresh');
    const [fresh, wrong] = await Promise.all([
      doctor({ home, env: { PLUMBLINE_ENGINE: 'wasm' } }),
      doctor({ home, env: { PLUMBLINE_THREADS: 'many' } }),
    ]);
    expect(fresh.code).toBe(0);
    expect(checkOf(fresh, 'database')).toMatchObject({ state: 'warn' });
    expect(checkOf(wrong, 'settings')?.message).toContain('PLUMBLINE_THREADS must be a whole number');
    expect(wrong.code).toBe(1);
    expect(spawnSync('ls', [home]).status).not.toBe(0);
  });
});
