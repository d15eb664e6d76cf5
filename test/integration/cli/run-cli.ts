import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { vi } from 'vitest';

// A test here starts up to twenty programs, on machines of any speed.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const root = path.resolve(import.meta.dirname, '../../..');

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout, where `--json` was given. */
  readonly json: Record<string, unknown>;
}

export interface CliOptions {
  /** PLUMBLINE_HOME. */
  readonly home: string;
  readonly databaseUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Piped in; else there is nothing to read. */
  readonly input?: Uint8Array;
  /** bin/plumbline.mjs on the TypeScript source; else the same built as `npm run build` does, which starts three times as fast. */
  readonly fromSource?: boolean;
}

let built: string | undefined;

/** In the checkout, because what it imports lies in its node_modules; a folder of this test process. */
function builtCli(): string {
  if (built === undefined) {
    const outdir = path.join(root, 'node_modules', '.cache', `plumbline-cli-${process.pid}`);
    buildSync({
      absWorkingDir: root,
      entryPoints: { cli: 'scripts/cli/main.ts', 'run-child': 'workers/run-child.ts', 'chat-child': 'workers/chat-child.ts' },
      outdir,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      target: 'node20.19',
      format: 'esm',
      packages: 'external',
    });
    process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
    built = path.join(outdir, 'cli.mjs');
  }
  return built;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly ended: Promise<CliRun>;
  /** What stderr holds by now. */
  said(): string;
  /** Until stderr holds the text. */
  untilSaid(text: string | RegExp): Promise<void>;
  /** Until stdout holds so many lines, or the command has ended. */
  untilPrinted(lines: number): Promise<void>;
}

/** Nothing of the surrounding installation may reach the command. */
function environment(options: CliOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PLUMBLINE_|DATABASE_URL|REDIS_URL|LOG_LEVEL|PORT|HOST|PUBLIC_URL|VITEST|NODE_ENV)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    NODE_ENV: 'test',
    PLUMBLINE_DEV: '1',
    PLUMBLINE_HOME: options.home,
    ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
    ...options.env,
  };
}

export function startCli(args: readonly string[], options: CliOptions): RunningCli {
  const child = spawn(process.execPath, [options.fromSource ? path.join(root, 'bin', 'plumbline.mjs') : builtCli(), ...args], {
    // Elsewhere than in the checkout: nothing may depend on it.
    cwd: os.tmpdir(),
    env: environment(options),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(options.input);
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
    for (const listener of listeners) listener();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
    for (const listener of listeners) listener();
  });
  const ended = new Promise<CliRun>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      for (const listener of listeners) listener();
      resolve({
        code,
        stdout,
        stderr,
        json: args.includes('--json') && code !== null ? lastLine(stdout, stderr, args[0] === 'train') : {},
      });
    });
  });
  const untilSaid = (text: string | RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (typeof text === 'string' ? stderr.includes(text) : text.test(stderr)) resolve();
        else if (child.exitCode !== null) reject(new Error(`the command ended without saying ${text}:\n${stdout}\n${stderr}`));
      };
      listeners.add(look);
      look();
    });
  const untilPrinted = (lines: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (stdout.split('\n').length > lines || child.exitCode !== null || child.signalCode !== null) resolve();
      };
      listeners.add(look);
      look();
    });
  return { child, ended, said: () => stderr, untilSaid, untilPrinted };
}

export function runCli(args: readonly string[], options: CliOptions): Promise<CliRun> {
  return startCli(args, options).ended;
}

/** Commands print one object; those that train print one a step before it. */
function lastLine(stdout: string, stderr: string, several: boolean): Record<string, unknown> {
  const lines = stdout.trimEnd().split('\n');
  if (lines.length !== 1 && !several) throw new Error(`stdout holds ${lines.length} lines instead of one:\n${stdout}\n${stderr}`);
  return JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
}

export interface JsonFailure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
  readonly details: Record<string, unknown>;
}

export function failureOf(run: CliRun): JsonFailure {
  return run.json.error as JsonFailure;
}

export function scratchFolder(): string {
  return mkdtempSync(path.join(os.tmpdir(), 'plumbline-cli-'));
}
