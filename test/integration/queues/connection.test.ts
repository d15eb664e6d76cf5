import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeCpu } from '#lib/queues/compute-cpu';
import { type OpenWorker, openWorker } from '#lib/queues/connection';
import { backends, createBench, type LoopBench } from '../../support/loop';

/** Ends at its first start while it is loaded, as where memory runs out; works afterwards. */
const child = `
  import { existsSync, writeFileSync } from 'node:fs';
  const died = new URL('died', import.meta.url);
  if (!existsSync(died)) {
    writeFileSync(died, '');
    process.kill(process.pid, 'SIGKILL');
  }
  export default async () => {};`;

describe.each(backends)('a child process on %s', (backend) => {
  let bench: LoopBench;
  let worker: OpenWorker | undefined;

  beforeAll(async () => {
    bench = await createBench(backend);
  });
  afterAll(async () => {
    await worker?.close(true);
    await bench?.drop();
  });

  it('that dies before it is ready fails its job, and the next job gets another one', { timeout: 60_000 }, async () => {
    const file = path.join(bench.folder, 'child.mjs');
    writeFileSync(file, child);
    worker = openWorker(bench.settings, computeCpu, { file: pathToFileURL(file), execArgv: [], env: process.env }, 1);
    const { worker: events } = worker;
    const ends: string[] = [];
    const both = new Promise<void>((resolve) => {
      const end = (how: string) => {
        ends.push(how);
        if (ends.length === 2) resolve();
      };
      events.on('failed', (_, error) => end(error.message));
      events.on('completed', () => end('completed'));
    });
    for (const attempt of [0, 1]) {
      await bench.deps.queues.enqueueRun({ runId: '00000000-0000-4000-8000-000000000000', attempt, device: 'CPU' });
    }
    await both;
    expect(ends).toEqual([expect.stringContaining('SIGKILL'), 'completed']);
  });
});
