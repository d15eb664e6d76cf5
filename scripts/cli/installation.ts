import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { createDeps, type ProcessDeps } from '#lib/deps';
import type { Actor } from '#lib/domain/actor';
import { type Env, loadEnv } from '#lib/env';
import { migrateQueues } from '#lib/queues/connection';
import { migrateDatabase } from '../embedded/migrate';
import { openDatabase } from '../embedded/open-database';
import type { CliContext } from './frame';
import { joinPostgres } from './shared-postgres';
import type { Terminal } from './terminal';

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
  const url = await databaseUrl(context, env);
  const applied = await migrateDatabase(context.root, url);
  if (applied.length > 0) context.terminal.line(`database brought up to date: ${applied.join(', ')}`);
  await migrateQueues({ databaseUrl: url, redisUrl: env.redisUrl });
  const deps = createDeps({ name: 'command-line', databaseUrl: url });
  context.onClose(() => deps.close());
  return { deps: { ...deps, logger: terminalLogger(context.terminal) }, env, actor: commandLineActor };
}

async function databaseUrl(context: CliContext, env: Env): Promise<string> {
  if (env.databaseUrl !== null) return (await openDatabase(env.dataDir, env.databaseUrl)).url;
  const shared = await joinPostgres(env.dataDir, context.signal, (line) => context.terminal.progress(line));
  context.onClose(() => shared.leave());
  context.terminal.endProgress();
  await shared.server.createDatabase('plumbline');
  return shared.server.url('plumbline');
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
