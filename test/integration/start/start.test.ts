import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDb } from '#lib/db/create-db';
import { startOf } from '../../../scripts/bootstrap/processes.mjs';
import { freePort } from '../../../scripts/embedded/free-port';
import { Started } from '../../support/started';

const folder = mkdtempSync(path.join(os.tmpdir(), 'plumbline-start-'));
const home = path.join(folder, 'data');
const starts: Started[] = [];
let port: number;
let running: Started;

function start(options: { home?: string; port?: number; env?: Readonly<Record<string, string>> } = {}): Started {
  const started = new Started(options.home ?? home, options.port ?? port, options.env);
  starts.push(started);
  return started;
}

async function untilGone(pid: number, withinMs = 30_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (startOf(pid) !== undefined) {
    if (Date.now() > deadline) throw new Error(`process ${pid} still runs`);
    await sleep(50);
  }
}

async function untilReplaced(read: () => number, old: number): Promise<number> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const now = read();
    if (now !== old && startOf(now) !== undefined) return now;
    if (Date.now() > deadline) throw new Error(`process ${old} was not replaced:\n${running.output}`);
    await sleep(50);
  }
}

async function countProjects(): Promise<number> {
  const db = createDb(running.databaseUrl, { max: 1 });
  return db.project.count().finally(() => db.$disconnect());
}

async function addProject(slug: string): Promise<void> {
  const db = createDb(running.databaseUrl, { max: 1 });
  await db.project.create({ data: { slug, name: slug } }).finally(() => db.$disconnect());
}

async function untilWorkerRegistered(pid: number): Promise<void> {
  const db = createDb(running.databaseUrl, { max: 1 });
  try {
    for (let attempt = 0; attempt < 300; attempt += 1) {
      if ((await db.workerProcess.count({ where: { pid } })) > 0) return;
      await sleep(100);
    }
    throw new Error(`worker ${pid} did not begin to work:\n${running.output}`);
  } finally {
    await db.$disconnect();
  }
}

beforeAll(async () => {
  port = await freePort();
  running = start();
  await running.says(/stop with Ctrl-C/, 600_000);
}, 600_000);

afterAll(async () => {
  for (const started of starts) started.kill('SIGINT');
  await Promise.all(starts.map((started) => started.ended));
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

describe('npm start', () => {
  test('says where it runs and gives the first admin a link that works', async () => {
    expect(running.output).toContain(`Plumbline runs at http://localhost:${port}`);
    const [, link] = /(http:\/\/localhost:\d+\/join\/[\w-]+)/.exec(running.output) ?? [];
    const page = await fetch(link?.replace('localhost', '127.0.0.1') ?? '');
    expect(page.status).toBe(200);
    expect(await running.isReady()).toBe(true);
  });

  test('keeps secret and password for its owner only, and the token out of the logs', () => {
    for (const name of ['secret', 'postgres/password']) expect(statSync(path.join(home, name)).mode & 0o777).toBe(0o600);
    const token = /\/join\/([\w-]+)/.exec(running.output)?.[1] ?? 'no token';
    for (const name of ['web', 'worker', 'setup']) {
      const file = path.join(home, 'logs', `${name}.log`);
      if (existsSync(file)) expect(readFileSync(file, 'utf8')).not.toContain(token);
    }
  });

  test('a second start in the same data folder says who has it and ends', async () => {
    const second = start({ port: await freePort() });
    const { code, output } = await second.ended;
    expect(code).toBe(1);
    expect(output).toContain(`already runs in this data folder (${home}): process ${running.child.pid}`);
    expect(await running.isReady()).toBe(true);
  });

  test('a port in use is named with the process that has it', async () => {
    const second = start({ home: path.join(folder, 'other') });
    const { code, output } = await second.ended;
    expect(code).toBe(1);
    expect(output).toContain(`Port ${port} is in use by process ${running.pidOf('web')}`);
    expect(output).toContain(`PORT=${port + 1}`);
  });

  test('a setting that cannot be used is named', async () => {
    const wrong = start({ home: path.join(folder, 'wrong'), port: await freePort(), env: { DATABASE_URL: 'mysql://x' } });
    const { code, output } = await wrong.ended;
    expect(code).toBe(1);
    expect(output).toContain('DATABASE_URL must look like postgresql://');
    expect(output).not.toMatch(/^\s+at /m);
  });

  test('a database of one’s own that does not answer is named without its password', async () => {
    const env = { DATABASE_URL: 'postgresql://me:hidden@127.0.0.1:9/plumbline' };
    const { code, output } = await start({ home: path.join(folder, 'gone'), port: await freePort(), env }).ended;
    expect(code).toBe(1);
    expect(output).toContain('The database 127.0.0.1:9/plumbline does not answer');
    expect(output).not.toContain('hidden');
  });
});

describe('Redis', () => {
  test('of REDIS_URL that does not answer is named at the start', async () => {
    const env = { REDIS_URL: 'redis://:hidden@127.0.0.1:9' };
    const { code, output } = await start({ home: path.join(folder, 'no-redis'), port: await freePort(), env }).ended;
    expect(code).toBe(1);
    expect(output).toContain('Redis at 127.0.0.1:9 does not answer');
    expect(output).not.toContain('hidden');
    expect(existsSync(path.join(folder, 'no-redis', 'postgres/data/postmaster.pid'))).toBe(false);
  });
});

describe('what dies is started again', () => {
  test('web', async () => {
    const old = running.pidOf('web');
    process.kill(old, 'SIGKILL');
    await untilReplaced(() => running.pidOf('web'), old);
    await running.untilReady();
    expect(running.output).toMatch(/web\s+was ended by SIGKILL; starting it again/);
  });

  test('worker', async () => {
    const old = running.pidOf('worker');
    process.kill(old, 'SIGKILL');
    await untilWorkerRegistered(await untilReplaced(() => running.pidOf('worker'), old));
  });

  test('PostgreSQL, on the same port and with everything that was saved', async () => {
    await addProject('before-the-kill');
    await untilWorkerRegistered(running.pidOf('worker'));
    const old = running.postgresPid;
    const [web, worker, url] = [running.pidOf('web'), running.pidOf('worker'), running.databaseUrl];
    process.kill(old, 'SIGKILL');
    await untilReplaced(() => (existsSync(path.join(home, 'postgres/data/postmaster.pid')) ? running.postgresPid : old), old);
    await running.says(/answers again after/);
    await running.untilReady();
    expect(running.databaseUrl).toBe(url);
    expect(await countProjects()).toBe(1);
    // Both went on over the loss.
    expect([running.pidOf('web'), running.pidOf('worker')]).toEqual([web, worker]);
  });
});

describe('stopping', () => {
  test('Ctrl-C stops everything, also when only the start itself hears it', async () => {
    const pids = [running.pidOf('web'), running.pidOf('worker'), running.postgresPid];
    running.kill('SIGINT');
    const { code, output } = await running.ended;
    expect(code).toBe(0);
    expect(output).toMatch(/Stopped in \d+\.\d s\./);
    for (const pid of pids) expect(startOf(pid)).toBeUndefined();
    expect(existsSync(path.join(home, 'run', 'lock'))).toBe(false);
    expect(existsSync(path.join(home, 'postgres/data/postmaster.pid'))).toBe(false);
  });

  test('the next start finds everything', async () => {
    running = start();
    await running.says(/stop with Ctrl-C/);
    expect(await countProjects()).toBe(1);
    expect(running.output).not.toContain('building');
  });

  test('after kill -9 of the start alone, the next one ends what was left and goes on with the same database', async () => {
    const left = [running.pidOf('web'), running.pidOf('worker')];
    const postgres = running.postgresPid;
    running.kill('SIGKILL');
    await running.ended;
    await addProject('while-nobody-watches');
    running = start();
    await running.says(/stop with Ctrl-C/);
    expect(running.output).toMatch(/ended what a killed start had left running: .*we/);
    for (const pid of left) expect(startOf(pid)).toBeUndefined();
    expect(running.postgresPid).toBe(postgres);
    expect(await countProjects()).toBe(2);
  });

  test('after kill -9 of everything, the next start recovers', async () => {
    await addProject('just-before');
    const pids = [running.pidOf('web'), running.pidOf('worker'), running.postgresPid];
    running.kill('SIGKILL');
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await running.ended;
    for (const pid of pids) await untilGone(pid);
    running = start();
    await running.says(/stop with Ctrl-C/);
    expect(await countProjects()).toBe(3);
  });

  test('Ctrl-C in the middle of a start leaves nothing running', async () => {
    const early = start({ home: path.join(folder, 'early'), port: await freePort() });
    await early.says(/database\s+starting/);
    early.kill('SIGINT');
    const { output } = await early.ended;
    expect(output).not.toContain('Plumbline runs at');
    expect(existsSync(path.join(early.home, 'postgres/data/postmaster.pid'))).toBe(false);
    expect(existsSync(path.join(early.home, 'run', 'lock'))).toBe(false);
  });
});
