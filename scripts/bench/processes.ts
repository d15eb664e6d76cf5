import { spawn } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { parseEnv } from '#lib/env';
import { AppError } from '#lib/errors';
import { engineEnvironment } from '../../workers/engine-settings';
import type { Measured } from './bench-model';
import { type BenchCase, readMeasured, type Side } from './cases';
import { watchOtherWork } from './idle';
import { watchPeakMemory } from './peak-memory';

const here = import.meta.dirname;
const root = path.resolve(here, '..', '..');

/** What the processes of both sides are started with. */
export interface Bench {
  readonly python: string;
  /** The folder that holds train.py and decode.py. */
  readonly others: string;
  /** The file of the ragged load. */
  readonly load: string;
  readonly threads: number;
}

/** Without the huge pages of the process that measures: each side gets its own. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { GLIBC_TUNABLES: _, ...plain } = process.env;
  return plain;
}

/** The environment that the product gives to processes which compute. */
export function ourEnvironment(threads: number): NodeJS.ProcessEnv {
  const env = { ...plainEnvironment(), PLUMBLINE_THREADS: String(threads) };
  return { ...env, ...engineEnvironment(parseEnv(env).engine, env) };
}

export function ourCommand(file: string, args: readonly string[]): string[] {
  return [process.execPath, '--import', 'tsx', path.join(here, file), ...args];
}

interface Ended {
  readonly stdout: string;
  /** Cores that other work kept busy meanwhile; null where that is not known. */
  readonly otherWork: number | null;
  /** Its largest resident memory, MiB; null where that is not known. */
  readonly peakMib: number | null;
}

/** Runs a command to its end. Throws INTERNAL with its last words where it failed. */
export function execute(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const stopWatching = watchOtherWork(child.pid ?? 0);
  const stopMemory = watchPeakMemory(child.pid ?? 0);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-4_000);
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      stopWatching();
      stopMemory();
      reject(error);
    });
    child.once('close', (code, signal) => {
      process.off('exit', end);
      const otherWork = stopWatching();
      const peakMib = stopMemory();
      if (code === 0) resolve({ stdout, otherWork, peakMib });
      else reject(new AppError('INTERNAL', `${command.join(' ')} ended with ${code ?? signal}.`, { details: { said: lastLine(stderr) } }));
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/** One process of one side. `batch` is what the arguments call `$BATCH`. */
export async function runSide(
  bench: Bench,
  benchCase: BenchCase,
  side: Side,
  batch: number | null,
): Promise<Measured & Pick<Ended, 'otherWork'>> {
  const fill = (text: string) => text.replace('$BENCH', bench.others).replace('$LOAD', bench.load).replace('$BATCH', String(batch));
  const ours = side === 'plumbline';
  const [file = '', ...args] = (ours ? benchCase.ours : benchCase.theirs).map(fill);
  const command = ours ? ourCommand(file, args) : [bench.python, path.resolve(here, file), ...args, String(bench.threads)];
  const hugePages = side === 'reference-huge-pages' ? { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' } : {};
  const env = ours ? ourEnvironment(bench.threads) : { ...plainEnvironment(), HF_HUB_OFFLINE: '1', ...hugePages };
  const { otherWork, stdout } = await execute(command, env);
  const measured = readMeasured(stdout);
  if (measured) return { ...measured, otherWork };
  throw new AppError('INTERNAL', `${path.basename(file)} printed no numbers.`, { details: { said: lastLine(stdout) } });
}

const ceiling = z.object({ gflops: z.record(z.string(), z.number()), ceiling: z.number().positive() });

/** The rate of single matrix products of our library on the same threads, GFLOPS; `ceiling` is the largest. */
export async function runCeiling(threads: number): Promise<z.infer<typeof ceiling>> {
  const { stdout } = await execute(ourCommand('engine-ceiling.ts', []), ourEnvironment(threads));
  return ceiling.parse(JSON.parse(lastLine(stdout)));
}
