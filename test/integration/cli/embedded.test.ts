import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { startPostgres } from '../../../scripts/embedded/postgres';
import { runCli, scratchFolder, startCli } from './run-cli';

const folder = scratchFolder();
const home = path.join(folder, 'home');
const postmaster = path.join(home, 'postgres', 'data', 'postmaster.pid');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const create = (name: string) => runCli(['projects', 'create', '--name', name, '--json'], { home, fromSource: true });

it('makes the embedded database once for two first commands at once, and leaves no server behind', async () => {
  const runs = await Promise.all([create('One'), create('Two')]);
  expect(runs.map((run) => run.stderr.match(/error: .*/g) ?? [])).toEqual([[], []]);
  expect(runs.map((run) => run.code)).toEqual([0, 0]);
  expect(existsSync(postmaster)).toBe(false);
  const list = await runCli(['projects', 'list', '--json'], { home, fromSource: true });
  expect((list.json.projects as { slug: string }[]).map(({ slug }) => slug).sort()).toEqual(['one', 'two']);
  expect(existsSync(postmaster)).toBe(false);
});

it('goes on where the command that started the server ends first', async () => {
  // The worker starts the server; the others come and go while it runs.
  const worker = startCli(['worker', '--queues', 'general'], { home, fromSource: true });
  await worker.untilSaid('Ctrl-C ends it');
  expect((await create('Three')).code).toBe(0);
  const second = startCli(['worker', '--queues', 'general'], { home, fromSource: true });
  await second.untilSaid('Ctrl-C ends it');
  worker.child.kill('SIGINT');
  expect((await worker.ended).code).toBe(0);
  expect(existsSync(postmaster)).toBe(true);
  expect((await create('Four')).code).toBe(0);
  second.child.kill('SIGINT');
  expect((await second.ended).code).toBe(0);
  // The last one to leave stops what the first one started.
  expect(existsSync(postmaster)).toBe(false);
});

it('never stops a server that it found running', async () => {
  const server = await startPostgres({ folder: path.join(home, 'postgres') });
  try {
    expect(server.adopted).toBe(false);
    expect((await create('Five')).code).toBe(0);
    expect((await runCli(['doctor', '--json'], { home, env: { PLUMBLINE_ENGINE: 'wasm' } })).code).toBe(0);
    expect(await server.isAlive()).toBe(true);
  } finally {
    await server.stop();
  }
});

it('ends on Ctrl-C while it starts, and stops what it had started', async () => {
  const run = startCli(['projects', 'list'], { home, fromSource: true });
  while (!existsSync(postmaster) && run.child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
  run.child.kill('SIGINT');
  const ended = await run.ended;
  // It may have been done a moment before.
  expect([0, 130]).toContain(ended.code);
  expect(ended.stderr).not.toMatch(/\n\s+at /);
  expect(existsSync(postmaster)).toBe(false);
  expect((await runCli(['projects', 'list', '--json'], { home, fromSource: true })).code).toBe(0);
});
