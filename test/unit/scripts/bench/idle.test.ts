import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { watchOtherWork } from '../../../../scripts/bench/idle';

test.runIf(process.platform === 'linux')('work beside a process is seen, its own is not counted', async () => {
  const busy = spawn(process.execPath, ['-e', 'for (const end = Date.now() + 60000; Date.now() < end; );'], { stdio: 'ignore' });
  const idle = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
  try {
    const stops = [watchOtherWork(idle.pid ?? 0), watchOtherWork(busy.pid ?? 0)];
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const [besideIdle = 0, besideBusy = 0] = stops.map((stop) => stop() ?? Number.NaN);
    expect(besideIdle).toBeGreaterThan(0.3);
    // Both saw the same machine; only one of them takes the busy process for its own.
    expect(besideIdle - besideBusy).toBeGreaterThan(0.25);
  } finally {
    busy.kill('SIGKILL');
    idle.kill('SIGKILL');
  }
});

test('a process that is gone tells nothing', () => {
  expect(watchOtherWork(2 ** 22 + 1)()).toBeNull();
});
