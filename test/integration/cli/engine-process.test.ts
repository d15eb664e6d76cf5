import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
// Below the checkout, where imports are found; its name is one of the command line's own.
const folder = mkdtempSync(path.join(root, 'node_modules', '.engine-process-'));
const entry = path.join(folder, 'main.ts');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

writeFileSync(
  entry,
  `import { openEngine } from ${JSON.stringify(path.join(root, 'scripts', 'cli', 'engine-process.ts'))};
async function main() {
  const engine = await openEngine();
  const { backend, threads } = engine.capabilities;
  const { GLIBC_TUNABLES: tunables = null, TF_NUM_INTRAOP_THREADS: given = null } = process.env;
  console.log(JSON.stringify({ pid: process.pid, args: process.argv.slice(2), backend, threads, tunables, given, limit: engine.memoryLimitBytes }));
  if (process.argv[2] !== 'wait') process.exit(7);
  process.on('SIGTERM', () => process.exit(9));
  setInterval(() => undefined, 1000);
}
main().catch((error) => {
  console.error(error.code + ': ' + error.message);
  process.exit(3);
});
`,
);

function start(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): { child: ChildProcess; text: () => string; ended: Promise<number | null> } {
  const { GLIBC_TUNABLES: _, PLUMBLINE_ENGINE_PROCESS: __, ...plain } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', entry, ...args], {
    cwd: root,
    env: { ...plain, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  return { child, text: () => text, ended: new Promise((resolve) => child.once('close', resolve)) };
}

const parse = (text: string): Record<string, unknown> => JSON.parse(text.split('\n').find((line) => line.startsWith('{')) ?? '{}');

async function untilRunning(running: { text: () => string }): Promise<number> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    if (running.text().includes('{')) return Number(parse(running.text()).pid);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it did not start: ${running.text()}`);
}

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe.runIf(process.platform === 'linux')('a command that computes', () => {
  test('runs once more with huge pages, with its arguments, and hands back the exit code', async () => {
    const running = start(['one', '--two'], {
      PLUMBLINE_THREADS: '1',
      PLUMBLINE_MEMORY_LIMIT: '100',
      GLIBC_TUNABLES: 'glibc.malloc.check=0',
    });
    expect(await running.ended, running.text()).toBe(7);
    const told = parse(running.text());
    expect(told).toMatchObject({
      args: ['one', '--two'],
      threads: 1,
      given: '1',
      limit: 100 * 2 ** 20,
      tunables: 'glibc.malloc.check=0:glibc.malloc.hugetlb=1',
    });
    expect(told.pid).not.toBe(running.child.pid);
  });

  test('stays one process where nothing has to be given at its start', async () => {
    const environments: readonly Readonly<Record<string, string>>[] = [
      { PLUMBLINE_HUGE_PAGES: 'off' },
      { PLUMBLINE_ENGINE: 'wasm' },
      { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' },
    ];
    for (const env of environments) {
      const running = start([], { PLUMBLINE_THREADS: '1', ...env });
      expect(await running.ended, running.text()).toBe(7);
      expect(parse(running.text()).pid).toBe(running.child.pid);
    }
  });

  test('says what cannot be had', async () => {
    const running = start([], { PLUMBLINE_DEVICE: 'gpu', PLUMBLINE_NATIVE_LIBRARY: '/nowhere.node' });
    expect(await running.ended).toBe(3);
    expect(running.text()).toContain('UNAVAILABLE: The native engine cannot be used');
  });

  test('passes signals on, and dies with the process that was started', async () => {
    const first = start(['wait'], {});
    await untilRunning(first);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(9);

    const second = start(['wait'], {});
    const pid = await untilRunning(second);
    second.child.kill('SIGKILL');
    await second.ended;
    for (let waited = 0; alive(pid) && waited < 10_000; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(alive(pid)).toBe(false);
  });
});
