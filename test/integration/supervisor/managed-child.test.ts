import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { startOf } from '../../../scripts/bootstrap/processes.mjs';
import { ManagedChild } from '../../../scripts/supervisor/managed-child';

const root = mkdtempSync(path.join(os.tmpdir(), 'plumbline-child-'));
let folder: string;
let said: string[];
let reason: string | undefined;
let answers: boolean;
let child: ManagedChild | undefined;

function keep(script: string, graceMs = 1000): ManagedChild {
  const file = path.join(folder, 'child.mjs');
  writeFileSync(file, script);
  child = new ManagedChild({ name: 'child', args: [file], cwd: folder, env: process.env, graceMs }, folder, path.join(folder, 'logs'), {
    say: (text) => said.push(text),
    gaveUp: (text) => {
      reason = text;
    },
    databaseAnswers: async () => answers,
  });
  child.start();
  return child;
}

async function until<T>(read: () => T | undefined | false, withinMs = 30_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = read();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`not in time; said: ${said.join(' | ')}`);
    await sleep(20);
  }
}

let count = 0;
beforeEach(() => {
  count += 1;
  folder = mkdtempSync(path.join(root, `${count}-`));
  said = [];
  reason = undefined;
  answers = true;
});
afterEach(async () => {
  await child?.stop(0);
  child = undefined;
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('dies too often: is given up with the end of its log, without a stack', async () => {
  keep(`console.log('{"level":30,"msg":"hello"}');\nthrow new Error('the port is taken');`);
  const why = await until(() => reason);
  expect(why).toContain('child ended with code 1, 6 times in a row');
  expect(why).toContain('Error: the port is taken');
  expect(why).not.toMatch(/^\s*at /m);
  expect(said.filter((text) => text.includes('starting it again')).map((text) => /in ([\d.]+) s/.exec(text)?.[1])).toEqual([
    '0.5',
    '1',
    '2',
    '4',
    '8',
  ]);
  expect(readFileSync(path.join(folder, 'logs', 'child.log'), 'utf8').match(/^\{.*"hello"/gm)).toHaveLength(6);
}, 60_000);

test('dies while the database is away: waits for it and is not blamed', async () => {
  answers = false;
  keep(`process.exit(1);`);
  await until(() => said.includes('ended with code 1; starting it again when the database answers'));
  await sleep(2500);
  expect(said).toHaveLength(1);
  writeFileSync(path.join(folder, 'child.mjs'), `setInterval(() => {}, 1000);`);
  answers = true;
  expect(startOf(await until(() => child?.pid))).toBeDefined();
  expect(reason).toBeUndefined();
});

test('is asked to end first, and ended for certain where it does not', async () => {
  const marker = path.join(folder, 'asked');
  keep(
    `import { writeFileSync } from 'node:fs'; process.on('SIGTERM', () => writeFileSync(${JSON.stringify(marker)}, '')); setInterval(() => {}, 1000); console.error('up');`,
    500,
  );
  await until(() => said.includes('up'));
  const pid = child?.pid ?? 0;
  const since = Date.now();
  await child?.stop();
  expect(existsSync(marker)).toBe(true);
  expect(startOf(pid)).toBeUndefined();
  expect(Date.now() - since).toBeGreaterThanOrEqual(500);
});

test('takes what it started along when it is killed', async () => {
  keep(
    `import { spawn } from 'node:child_process'; console.error(String(spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']).pid)); setInterval(() => {}, 1000);`,
  );
  const grandchild = Number(await until(() => said.find((text) => /^\d+$/.test(text))));
  expect(startOf(grandchild)).toBeDefined();
  process.kill(child?.pid ?? 0, 'SIGKILL');
  await until(() => startOf(grandchild) === undefined);
  await until(() => said.includes('was ended by SIGKILL; starting it again in 0.5 s'));
});
