import path from 'node:path';
import pg from 'pg';
import { AppError } from '#lib/errors';
import { type EmbeddedPostgres, startPostgres } from './postgres';

const databaseName = 'plumbline';

export interface OpenDatabase {
  readonly url: string;
  /** Undefined where the database is one of the user's own. */
  readonly embedded: EmbeddedPostgres | undefined;
}

/** Host and port without user and password, for messages. */
export function databaseAddress(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}

/** A real query over a connection of its own. */
export async function databaseAnswers(url: string): Promise<boolean> {
  return requireAnswer(url, 3_000).then(
    () => true,
    () => false,
  );
}

async function requireAnswer(url: string, withinMs = 10_000): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: withinMs, query_timeout: withinMs });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message || ('code' in cause ? String(cause.code) : cause.name) : String(cause);
    throw new AppError('UNAVAILABLE', `The database ${databaseAddress(url)} does not answer: ${reason}.`, {
      remedy: 'Check DATABASE_URL and that server, or unset DATABASE_URL to use the embedded one.',
      cause,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The database of an installation: DATABASE_URL where given, else the embedded server of the data folder, started if it does not run. */
export async function openDatabase(dataDir: string, databaseUrl: string | null, log?: (line: string) => void): Promise<OpenDatabase> {
  if (databaseUrl !== null) {
    await requireAnswer(databaseUrl);
    return { url: databaseUrl, embedded: undefined };
  }
  const embedded = await startPostgres({ folder: path.join(dataDir, 'postgres'), ...(log === undefined ? {} : { log }) });
  await embedded.createDatabase(databaseName);
  return { url: embedded.url(databaseName), embedded };
}
