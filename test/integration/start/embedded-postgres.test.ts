import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmbeddedPostgres, startPostgres } from '../../../scripts/embedded/postgres';

const root = mkdtempSync(path.join(os.tmpdir(), 'plumbline-pg-'));
const folder = path.join(root, 'postgres');
const pidFile = path.join(folder, 'data', 'postmaster.pid');
let server: EmbeddedPostgres;

async function ask<T extends pg.QueryResultRow>(query: string, database = 'postgres'): Promise<T[]> {
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  return client
    .query<T>(query)
    .then((result) => result.rows)
    .finally(() => client.end());
}

beforeAll(async () => {
  server = await startPostgres({ folder });
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

test('a password of its own, for its owner only, and nobody without it', async () => {
  expect(statSync(path.join(folder, 'password')).mode & 0o777).toBe(0o600);
  const wrong = new URL(server.url('postgres'));
  wrong.password = 'guess';
  await expect(new pg.Client({ connectionString: wrong.href }).connect()).rejects.toThrow(/password authentication failed/);
  const rows = await ask<{ method: string }>(`SELECT DISTINCT auth_method AS method FROM pg_hba_file_rules`);
  expect(rows).toEqual([{ method: 'scram-sha-256' }]);
});

test('listens on this machine only, takes 200 connections, keeps what it acknowledged', async () => {
  const rows = await ask<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses','max_connections','fsync','full_page_writes','synchronous_commit')`,
  );
  expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
    listen_addresses: '127.0.0.1',
    max_connections: '200',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
  });
});

test('a second start adopts the running server', async () => {
  const second = await startPostgres({ folder });
  expect(second.adopted).toBe(true);
  expect(second.url('x')).toBe(server.url('x'));
});

test('after kill -9 it comes back on the same port with every acknowledged row', async () => {
  await server.createDatabase('kept');
  await server.createDatabase('kept');
  await ask('CREATE TABLE t AS SELECT generate_series(1, 1000) AS n', 'kept');
  const url = server.url('kept');
  process.kill(Number(readFileSync(pidFile, 'utf8').split('\n')[0]), 'SIGKILL');
  expect(await server.isAlive()).toBe(false);
  await server.revive();
  expect(server.url('kept')).toBe(url);
  expect(await ask('SELECT count(*)::int AS n FROM t', 'kept')).toEqual([{ n: 1000 }]);
});

test('a pid file from before a reboot, whose number is another process today, does not stop it', async () => {
  await server.stop();
  expect(await server.isAlive()).toBe(false);
  writeFileSync(pidFile, `${process.pid}\n${path.join(folder, 'data')}\n0\n${server.port}\n\n127.0.0.1\n`);
  server = await startPostgres({ folder });
  expect(server.adopted).toBe(false);
  expect(await ask('SELECT count(*)::int AS n FROM t', 'kept')).toEqual([{ n: 1000 }]);
});

test('a port that somebody else took meanwhile is left to them', async () => {
  await server.stop();
  const taken = server.port;
  const other = createServer().listen(taken, '127.0.0.1');
  try {
    server = await startPostgres({ folder });
    expect(server.port).not.toBe(taken);
    expect(await server.isAlive()).toBe(true);
  } finally {
    other.close();
  }
});

test('a data folder that cannot be used names itself and its log', async () => {
  const broken = path.join(root, 'broken');
  mkdirSync(path.join(broken, 'data'), { recursive: true, mode: 0o700 });
  writeFileSync(path.join(broken, 'data', 'PG_VERSION'), '9.6\n');
  writeFileSync(path.join(broken, 'password'), 'x');
  await expect(startPostgres({ folder: broken })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    remedy: expect.stringContaining('server.log'),
  });
  rmSync(path.join(broken, 'password'));
  await expect(startPostgres({ folder: broken })).rejects.toThrow(/password of the embedded database is missing/);
});
