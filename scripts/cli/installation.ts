import path from 'node:path';
import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { createDeps, type ProcessDeps } from '#lib/deps';
import type { Actor } from '#lib/domain/actor';
import { type Env, loadEnv } from '#lib/env';
import { AppError } from '#lib/errors';
import { migrateQueues } from '#lib/queues/connection';
import { migrateDatabase } from '../embedded/migrate';
import { openDatabase } from '../embedded/open-database';
import type { EmbeddedPostgres } from '../embedded/postgres';
import type { CliContext } from './frame';
import { joinPostgres, nameConnections, type SharedPostgres, withStartLock } from './shared-postgres';
import type { Terminal } from './terminal';

const databaseName = 'plumbline';

/** Who the record says it was. */
export const commandLineActor: Actor = { kind: 'system', name: 'command-line' };

export interface Installation {
  readonly deps: ProcessDeps;
  readonly env: Env;
  readonly actor: Actor;
}

/**
 * The installation of PLUMBLINE_HOME and DATABASE_URL, brought to this version's schema. An embedded server that does not run is started,
 * and stopped at the end where nobody else has come to use it. Everything is closed when the command ends.
 * @throws AppError UNAVAILABLE where the database cannot be had, PRECONDITION where it is of another version
 */
export async function openInstallation(context: CliContext): Promise<Installation> {
  const env = loadEnv();
  // The log of the services goes to stderr here: stdout is for the result.
  process.env.LOG_LEVEL = 'silent';
  const url = await readyDatabase(context, env);
  requireNoStop(context);
  const deps = createDeps({ name: 'command-line', databaseUrl: url });
  context.onClose(() => deps.close());
  return { deps: { ...deps, logger: terminalLogger(context.terminal) }, env, actor: commandLineActor };
}

async function readyDatabase(context: CliContext, env: Env): Promise<string> {
  if (env.databaseUrl !== null) {
    const { url } = await openDatabase(env.dataDir, env.databaseUrl);
    await migrate(context, url, env.redisUrl);
    return url;
  }
  const { server } = await joinEmbedded(context, env.dataDir);
  context.terminal.endProgress();
  requireNoStop(context);
  const url = server.url(databaseName);
  await withStartLock(path.join(env.dataDir, 'postgres'), context.signal, async () => {
    await createDatabase(server);
    await migrate(context, url, env.redisUrl);
  });
  return url;
}

async function migrate(context: CliContext, url: string, redisUrl: string | null): Promise<void> {
  requireNoStop(context);
  const applied = await migrateDatabase(context.root, url);
  if (applied.length > 0) context.terminal.line(`database brought up to date: ${applied.join(', ')}`);
  await migrateQueues({ databaseUrl: url, redisUrl });
}

/** An `npm start` that made it between our look and our statement is no failure. */
async function createDatabase(server: EmbeddedPostgres): Promise<void> {
  try {
    await server.createDatabase(databaseName);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== '42P04' && code !== '23505') throw error;
  }
}

/** After Ctrl-C nothing more is begun. */
function requireNoStop(context: CliContext): void {
  if (context.signal.aborted) throw new AppError('CANCELLED', 'Stopped.');
}

/** The embedded server until the command ends; also one that is still starting when Ctrl-C comes is left, and stopped if nobody else uses it. */
export async function joinEmbedded(context: CliContext, dataDir: string): Promise<SharedPostgres> {
  nameConnections();
  const joining = joinPostgres(dataDir, context.signal, (line) => context.terminal.progress(line));
  context.onClose(async () => {
    const shared = await joining.catch(() => undefined);
    await shared?.leave();
  });
  return joining;
}

/** Warnings and errors of the services as lines for people. */
function terminalLogger(terminal: Terminal): Logger {
  const lines = new Writable({
    write(chunk: Buffer, _encoding, done) {
      try {
        const { msg, err } = JSON.parse(chunk.toString('utf8')) as { msg?: string; err?: { message?: string } };
        terminal.line(`warning: ${[msg, err?.message].filter(Boolean).join(': ')}`);
      } catch {
        terminal.line(chunk.toString('utf8').trim());
      }
      done();
    },
  });
  return pino({ level: 'warn', base: null }, lines);
}
