import { type ChildProcess, spawn } from 'node:child_process';
import { z } from 'zod';
import type { EngineSettings } from '#lib/domain/engine-settings';
import { AppError } from '#lib/errors';
import { createEngine } from '#lib/ml/engine/create-engine';
import { engineEnvironment, engineOptions } from '../../../workers/engine-settings';
import { bad, type Check, ok, warn } from './check';

const answerWithinMs = 120_000;
const mark = 'plumbline-engine:';
const report = z.object({
  backend: z.enum(['native', 'wasm']),
  device: z.enum(['cpu', 'gpu']),
  library: z.string(),
  threads: z.number(),
  correct: z.boolean(),
  milliseconds: z.number(),
  said: z.array(z.string()),
});
type EngineReport = z.infer<typeof report>;

/** Runs in the child: makes the engine and multiplies two matrices whose product is known. */
export async function reportEngine(settings: EngineSettings, write: (line: string) => void): Promise<void> {
  const said: string[] = [];
  const engine = await createEngine(engineOptions(settings, (line) => said.push(line)));
  const size = 256;
  const ones = new Float32Array(size * size).fill(1);
  const multiply = () => {
    const a = engine.float(ones, [size, size]);
    const product = engine.matMul(a, a);
    const total = engine.sum(product);
    const value = engine.scalar(total);
    engine.dispose([a, product, total]);
    return value;
  };
  const correct = multiply() === size ** 3;
  const since = performance.now();
  multiply();
  const { backend, device, library, threads } = engine.capabilities;
  write(`${mark}${JSON.stringify({ backend, device, library, threads, correct, milliseconds: performance.now() - since, said })}\n`);
}

/** The engine in a process of its own: a library that crashes takes that process, and is told. `command` starts `doctor --engine-only`. */
export async function checkEngine(settings: EngineSettings, command: readonly string[], signal: AbortSignal): Promise<Check> {
  const [file = process.execPath, ...args] = command;
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...engineEnvironment(settings, process.env) },
  });
  const ended = await follow(child, signal);
  const line = ended.stdout.split('\n').find((each) => each.startsWith(mark));
  if (line !== undefined) return engineCheck(report.parse(JSON.parse(line.slice(mark.length))), settings);
  const remedy =
    'Run "plumbline setup tensorflow --force": it prepares the native library anew. Until then PLUMBLINE_ENGINE=wasm works, slowly.';
  const facts = { wanted: settings.backend, signal: ended.signal, exitCode: ended.code };
  if (ended.late) return bad('engine', 'engine', `did not answer in ${answerWithinMs / 1000} s`, remedy, facts);
  if (ended.signal !== null) return bad('engine', 'engine', `crashed when it was loaded (${ended.signal})`, remedy, facts);
  const last = ended.stderr
    .trim()
    .split('\n')
    .findLast((each) => each.startsWith('error: '))
    ?.slice('error: '.length);
  return bad('engine', 'engine', last ?? `could not be loaded (exit code ${ended.code})`, remedy, facts);
}

function engineCheck(found: EngineReport, settings: EngineSettings): Check {
  const { said, ...facts } = found;
  const told = `${found.backend} on ${found.device.toUpperCase()}, ${found.library}, ${found.threads} ${found.threads === 1 ? 'thread' : 'threads'}`;
  if (!found.correct) {
    return bad(
      'engine',
      'engine',
      `${told}: it multiplies wrongly`,
      'Do not train on this machine with it; set PLUMBLINE_ENGINE=wasm.',
      facts,
    );
  }
  if (found.backend === 'wasm' && settings.backend === 'auto') {
    const why = said[0] ?? 'the native library cannot be loaded';
    return warn('engine', 'engine', `${told}, which is far slower than native`, why, facts);
  }
  return ok('engine', 'engine', told, facts);
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
  readonly late: boolean;
}

function follow(child: ChildProcess, signal: AbortSignal): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, answerWithinMs);
    const stop = () => {
      child.kill('SIGKILL');
      reject(new AppError('CANCELLED', 'Stopped.'));
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    child.once('error', reject);
    child.once('close', (code, by) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve({ stdout, stderr, code, signal: by, late });
    });
  });
}
