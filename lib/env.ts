import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { EngineSettings } from './domain/engine-settings';
import { AppError } from './errors';

/** Imported by entry-points only: everything else gets what it needs passed in. */
export interface Env {
  readonly port: number;
  readonly host: string;
  /** What people type into the browser, without a slash at the end; null where the request says it. */
  readonly publicUrl: string | null;
  /** The folder that holds everything of an installation, absolute. */
  readonly dataDir: string;
  /** Null: the embedded server of `dataDir`. */
  readonly databaseUrl: string | null;
  /** Most database connections of this process. */
  readonly databaseConnections: number;
  /** Null: the queues live in the database. */
  readonly redisUrl: string | null;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly engine: EngineSettings;
  readonly heartbeatSeconds: number;
  readonly staleSeconds: number;
  readonly maxAttempts: number;
}

function integer(low: number, high: number, fallback: number) {
  return z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${low} to ${high}`)
    .transform(Number)
    .refine((value) => value >= low && value <= high, `must be a whole number from ${low} to ${high}`)
    .default(fallback);
}

function address(protocols: readonly string[], example: string) {
  const text = `must look like ${example}`;
  return z
    .string()
    .refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), text)
    .nullable()
    .default(null);
}

const schema = z.object({
  // Port of the web server. Below 1024 the system wants more rights than we do.
  PORT: integer(1, 65_535, 3000),
  // Address to listen on. Other machines reach it only if this is 0.0.0.0 or an address of this machine.
  HOST: z.string().default('127.0.0.1'),
  // Address that people use, where a proxy stands in front.
  PUBLIC_URL: address(['http:', 'https:'], 'https://plumbline.example.org').transform((value) => value?.replace(/\/+$/, '') ?? null),
  // Folder of the database, the blobs, the logs and the secret.
  PLUMBLINE_HOME: z.string().default('.plumbline'),
  DATABASE_URL: address(['postgres:', 'postgresql:'], 'postgresql://user:password@host:5432/database'),
  // Connections a process; the embedded server takes 200 over all processes.
  PLUMBLINE_DATABASE_CONNECTIONS: integer(2, 100, 10),
  REDIS_URL: address(['redis:', 'rediss:'], 'redis://host:6379'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  // auto: the native tensor library where it loads, else wasm.
  PLUMBLINE_ENGINE: z.enum(['auto', 'native', 'wasm']).default('auto'),
  // Threads of the tensor engine; 0: as many as the machine has cores. A run resumes only under the number it began with.
  PLUMBLINE_THREADS: integer(0, 256, 0),
  // auto: a GPU where the native library sees one. gpu: a run refuses to start without one. cpu: a GPU is left alone.
  PLUMBLINE_DEVICE: z.enum(['auto', 'cpu', 'gpu']).default('auto'),
  // on: memory in huge pages (Linux), which is faster; off where an administrator forbids them or a profiler is in the way.
  PLUMBLINE_HUGE_PAGES: z.enum(['on', 'off']).default('on'),
  // MiB that the tensors of one process may take; 0: three quarters of what it may have. Larger batches are split, or refused before they start.
  PLUMBLINE_MEMORY_LIMIT: integer(0, 16_777_216, 0),
  // A compiled binding other than the one in node_modules.
  PLUMBLINE_NATIVE_LIBRARY: z.string().nullable().default(null),
  // Seconds between two signs of life of a worker. Less costs the database; more delays the takeover of a dead worker's run.
  PLUMBLINE_HEARTBEAT_SECONDS: integer(1, 60, 5),
  // Seconds of silence after which a run is taken from its worker: several heartbeats, so that a busy disk is not a death.
  PLUMBLINE_STALE_SECONDS: integer(5, 3600, 30),
  // Starts of a run that bring it no further before it is given up.
  PLUMBLINE_MAX_ATTEMPTS: integer(1, 20, 3),
});

/**
 * @param source usually process.env; an empty value counts as not set
 * @throws AppError BAD_INPUT naming every variable that is wrong
 */
export function parseEnv(source: Readonly<Record<string, string | undefined>>): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value.trim() !== ''));
  const parsed = schema.safeParse(given);
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  if (parsed.success && parsed.data.PLUMBLINE_STALE_SECONDS < 3 * parsed.data.PLUMBLINE_HEARTBEAT_SECONDS) {
    problems.push('PLUMBLINE_STALE_SECONDS must be at least three times PLUMBLINE_HEARTBEAT_SECONDS');
  }
  if (!parsed.success || problems.length > 0) {
    throw new AppError('BAD_INPUT', `The environment has a setting that cannot be used: ${problems.join('; ')}.`, {
      details: { variables: problems },
      remedy: 'Correct it or remove it: every setting has a default.',
    });
  }
  const env = parsed.data;
  return {
    port: env.PORT,
    host: env.HOST,
    publicUrl: env.PUBLIC_URL,
    dataDir: path.resolve(env.PLUMBLINE_HOME),
    databaseUrl: env.DATABASE_URL,
    databaseConnections: env.PLUMBLINE_DATABASE_CONNECTIONS,
    redisUrl: env.REDIS_URL,
    logLevel: env.LOG_LEVEL,
    engine: {
      backend: env.PLUMBLINE_ENGINE,
      device: env.PLUMBLINE_DEVICE,
      threads: env.PLUMBLINE_THREADS || null,
      nativeLibrary: env.PLUMBLINE_NATIVE_LIBRARY,
      hugePages: env.PLUMBLINE_HUGE_PAGES === 'on',
      memoryLimitBytes: env.PLUMBLINE_MEMORY_LIMIT === 0 ? null : env.PLUMBLINE_MEMORY_LIMIT * 2 ** 20,
    },
    heartbeatSeconds: env.PLUMBLINE_HEARTBEAT_SECONDS,
    staleSeconds: env.PLUMBLINE_STALE_SECONDS,
    maxAttempts: env.PLUMBLINE_MAX_ATTEMPTS,
  };
}

/**
 * The secret that signs sessions: made once and kept beside the data, readable by its owner only. There is no default to forget about.
 * Two processes that start at once agree, because only one of them can create the file.
 */
export function readOrMakeSecret(dataDir: string): string {
  const file = path.join(dataDir, 'secret');
  const read = () => readFileSync(file, 'utf8').trim();
  try {
    const known = read();
    if (known.length >= 32) return known;
    throw new AppError('PRECONDITION', `The secret in ${file} is damaged.`, {
      remedy: 'Put the file back from a backup, or remove it: everybody then signs in again.',
    });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return read();
}

/** This process's settings, with the installation's secret. */
export function loadEnv(): Env & { readonly secret: string } {
  const env = parseEnv(process.env);
  return { ...env, secret: readOrMakeSecret(env.dataDir) };
}

/** What a child process of ours inherits. */
export function processEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}
