import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findLockHolder, takeDataLock } from '../../../scripts/bootstrap/data-lock.mjs';
import { endLeftovers, forgetProcess, noteProcess } from '../../../scripts/bootstrap/process-record.mjs';
import { startOf } from '../../../scripts/bootstrap/processes.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'plumbline-lock-'));
let home: string;
let count = 0;
const children: ChildProcess[] = [];

/** A node process that says "ready" and stays. */
async function run(script: string, options: { detached?: boolean } = {}): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', `${script}\nconsole.log('ready'); setInterval(() => {}, 1000);`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: options.detached ?? false,
  });
  children.push(child);
  if (child.stdout) await once(child.stdout, 'data');
  if (child.pid === undefined) throw new Error('the process did not start');
  return child as ChildProcess & { pid: number };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

beforeEach(() => {
  count += 1;
  home = path.join(folder, String(count));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(end));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lockModule = pathToFileURL(path.resolve('scripts/bootstrap/data-lock.mjs')).href;
const takeIt = () => `import { takeDataLock } from '${lockModule}'; takeDataLock(${JSON.stringify(home)}, { purpose: 'test' });`;

describe('the lock of a data folder', () => {
  test('is held by one process at a time, which is named', async () => {
    const holder = await run(takeIt());
    expect(() => takeDataLock(home, { purpose: 'second' })).toThrow(new RegExp(`already runs in this data folder .*process ${holder.pid}`));
    expect(findLockHolder(home)).toMatchObject({ pid: holder.pid, purpose: 'test' });
    await end(holder);
    const mine = takeDataLock(home, { purpose: 'third' });
    expect(findLockHolder(home)?.pid).toBe(process.pid);
    mine.release();
    expect(findLockHolder(home)).toBeUndefined();
    expect(existsSync(path.join(home, 'run', 'lock'))).toBe(false);
  });

  test('of a process whose number is used again counts for nothing', () => {
    mkdirSync(path.join(home, 'run'), { recursive: true });
    const old = { pid: process.ppid, started: 'another time', host: os.hostname(), since: 'then', purpose: 'old' };
    writeFileSync(path.join(home, 'run', 'lock'), JSON.stringify(old));
    expect(findLockHolder(home)).toBeUndefined();
    takeDataLock(home, { purpose: 'new' }).release();
  });

  test('of another machine counts while it is touched', () => {
    mkdirSync(path.join(home, 'run'), { recursive: true });
    const file = path.join(home, 'run', 'lock');
    writeFileSync(file, JSON.stringify({ pid: 1, started: 'x', host: 'elsewhere', since: 'then', purpose: 'other' }));
    expect(() => takeDataLock(home, { purpose: 'new' })).toThrow(/on elsewhere/);
    const old = new Date(Date.now() - 61_000);
    utimesSync(file, old, old);
    takeDataLock(home, { purpose: 'new' }).release();
  });

  test('that is damaged is taken over after a moment', () => {
    mkdirSync(path.join(home, 'run'), { recursive: true });
    const file = path.join(home, 'run', 'lock');
    writeFileSync(file, '{"pid":');
    const old = new Date(Date.now() - 10_000);
    utimesSync(file, old, old);
    const lock = takeDataLock(home, { purpose: 'new' });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid });
    lock.release();
  });

  test('a folder that cannot be made says so', () => {
    writeFileSync(path.join(folder, 'file'), '');
    expect(() => takeDataLock(path.join(folder, 'file'), { purpose: 'new' })).toThrow(/cannot be made/);
  });
});

describe('what a killed start left running', () => {
  test('is ended with all that it started', async () => {
    const parent = await run(
      `import { spawn } from 'node:child_process'; const c = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
       (await import('node:fs')).writeFileSync(${JSON.stringify(path.join(folder, 'grandchild'))}, String(c.pid));`,
      { detached: true },
    );
    const grandchild = Number(readFileSync(path.join(folder, 'grandchild'), 'utf8'));
    expect(noteProcess(home, 'worker', parent.pid)).toMatchObject({ name: 'worker', pid: parent.pid });
    expect(startOf(grandchild)).toBeDefined();
    expect(await endLeftovers(home)).toEqual(['worker']);
    expect([startOf(parent.pid), startOf(grandchild)]).toEqual([undefined, undefined]);
    expect(await endLeftovers(home)).toEqual([]);
  });

  test('is ended also where only its child is left', async () => {
    const file = path.join(folder, 'orphan');
    const parent = await run(
      `import { spawn } from 'node:child_process'; const c = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
       (await import('node:fs')).writeFileSync(${JSON.stringify(file)}, String(c.pid));`,
      { detached: true },
    );
    noteProcess(home, 'worker', parent.pid);
    await end(parent);
    const orphan = Number(readFileSync(file, 'utf8'));
    expect(startOf(orphan)).toBeDefined();
    expect(await endLeftovers(home)).toEqual(['worker']);
    expect(startOf(orphan)).toBeUndefined();
  });

  test('is never another process that got the number', async () => {
    const stranger = await run('', { detached: true });
    mkdirSync(path.join(home, 'run'), { recursive: true });
    writeFileSync(path.join(home, 'run', 'processes.json'), JSON.stringify([{ name: 'web', pid: stranger.pid, started: 'another time' }]));
    expect(await endLeftovers(home)).toEqual([]);
    expect(startOf(stranger.pid)).toBeDefined();
  });

  test('is forgotten once it was stopped in order', async () => {
    const child = await run('', { detached: true });
    noteProcess(home, 'web', child.pid);
    forgetProcess(home, 'web');
    expect(await endLeftovers(home)).toEqual([]);
    expect(startOf(child.pid)).toBeDefined();
  });
});
