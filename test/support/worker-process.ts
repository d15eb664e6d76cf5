import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoopBench } from './loop';

const root = path.resolve(import.meta.dirname, '../..');

export interface WorkerProcess {
  readonly pid: number;
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** A real worker process on the bench's database and queue, from source. */
export function spawnWorker(bench: LoopBench, queues = 'general,compute-cpu'): WorkerProcess {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', 'workers/worker.ts', '--queues', queues], {
    cwd: root,
    env: bench.environment,
    stdio: process.env.TEST_LOG_LEVEL ? 'inherit' : 'ignore',
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return {
    pid: child.pid ?? -1,
    exited,
    kill: async (signal) => {
      child.kill(signal);
      await exited;
    },
  };
}

/** Looks until `read` gives something other than null; fails with `what` after `seconds`. */
export async function waitFor<T>(what: string, read: () => Promise<T | null>, seconds = 300): Promise<T> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const value = await read();
    if (value !== null) return value;
    if (Date.now() > until) throw new Error(`Waited ${seconds} s in vain for: ${what}`);
    await sleep(100);
  }
}
