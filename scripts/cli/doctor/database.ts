import pg from 'pg';
import type { Env } from '#lib/env';
import { AppError } from '#lib/errors';
import { connectQueues } from '#lib/queues/queues';
import { type MigrationState, readMigrationState } from '../../embedded/migrate';
import { bad, type Check, failed, ok, warn } from './check';

const durable = ['fsync', 'synchronous_commit', 'full_page_writes'] as const;
const oldestServer = 150_000;

function databaseRemedy(embedded: boolean): string {
  return embedded
    ? 'Run "npm start" and read what it says about the database; its log is postgres/server.log in the data folder.'
    : 'Check DATABASE_URL, that its server runs, and that this machine may reach it.';
}

/** Server, durability, schema, workers: whatever one connection can tell. */
export async function checkDatabase(root: string, url: string, env: Env): Promise<Check[]> {
  const embedded = env.databaseUrl === null;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return [
      await checkServer(client, embedded),
      await checkDurability(client, embedded),
      await checkMigrations(root, url),
      await checkWorkers(client, env.staleSeconds),
    ];
  } catch (error) {
    return [failed('database', 'database', reached(error, url), databaseRemedy(embedded))];
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The driver's own error often has no message, only a code. */
function reached(error: unknown, url: string): unknown {
  if (error instanceof AppError) return error;
  const { hostname, port, pathname } = new URL(url);
  const why = error instanceof Error ? error.message || ('code' in error ? String(error.code) : error.name) : String(error);
  return new Error(`${hostname}:${port || '5432'}${pathname} does not answer: ${why}`);
}

async function checkServer(client: pg.Client, embedded: boolean): Promise<Check> {
  const { rows } = await client.query<{ version: string; number: string; connections: number; most: number; writable: boolean }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
            (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
            current_setting('max_connections')::int AS most, NOT pg_is_in_recovery() AS writable`,
  );
  const [row] = rows;
  if (row === undefined) return bad('database', 'database', 'answers nothing', databaseRemedy(embedded));
  const facts = { version: row.version, embedded, connections: row.connections, maxConnections: row.most };
  const told = `PostgreSQL ${row.version}, ${embedded ? 'embedded' : 'from DATABASE_URL'}, ${row.connections} of ${row.most} connections`;
  if (!row.writable)
    return bad('database', 'database', `${told}: read only`, 'Point DATABASE_URL at the primary, not at a standby.', facts);
  if (Number(row.number) < oldestServer) return bad('database', 'database', told, 'Use PostgreSQL 15 or newer.', facts);
  if (row.connections > 0.9 * row.most) {
    return warn('database', 'database', told, 'Raise max_connections, or lower PLUMBLINE_DATABASE_CONNECTIONS.', facts);
  }
  return ok('database', 'database', told, facts);
}

async function checkDurability(client: pg.Client, embedded: boolean): Promise<Check> {
  const { rows } = await client.query<{ name: string; setting: string }>('SELECT name, setting FROM pg_settings WHERE name = ANY($1)', [
    durable,
  ]);
  const settings = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  const told = durable.map((name) => `${name} ${settings[name] ?? 'unknown'}`).join(', ');
  const off = durable.filter((name) => settings[name] === undefined || settings[name] === 'off');
  if (off.length === 0) return ok('durability', 'durability', told, settings);
  const where = embedded ? 'postgres/data/postgresql.conf in the data folder' : "the server's settings";
  return bad(
    'durability',
    'durability',
    told,
    `Acknowledged labels can be lost in a crash: set ${off.join(' and ')} to on in ${where}.`,
    settings,
  );
}

async function checkMigrations(root: string, url: string): Promise<Check> {
  const state: MigrationState = await readMigrationState(root, url);
  const facts = { ...state };
  if (state.failed.length > 0) {
    const remedy = 'Restore the database from a backup, or mend it and run "npx prisma migrate resolve".';
    return bad('schema', 'schema', `began and did not finish: ${state.failed.join(', ')}`, remedy, facts);
  }
  if (state.unknown.length > 0) {
    return bad(
      'schema',
      'schema',
      `from a newer version: ${state.unknown.join(', ')}`,
      'Use the version that made this database, or a newer one.',
      facts,
    );
  }
  if (state.changed.length > 0) {
    return bad(
      'schema',
      'schema',
      `edited after they were applied: ${state.changed.join(', ')}`,
      'Put prisma/migrations back as it was released.',
      facts,
    );
  }
  if (state.pending.length > 0) {
    return warn('schema', 'schema', `not yet applied: ${state.pending.join(', ')}`, 'Run "npm start": it applies them first.', facts);
  }
  return ok('schema', 'schema', 'up to date', facts);
}

async function checkWorkers(client: pg.Client, staleSeconds: number): Promise<Check> {
  const { rows: there } = await client.query(`SELECT to_regclass('"WorkerProcess"') IS NOT NULL AS there`);
  const remedy = 'Run "npm start" or "plumbline worker"; until then runs wait.';
  if (there[0]?.there !== true) return warn('workers', 'workers', 'none runs', remedy, { workers: [] });
  const { rows } = await client.query<{ hostname: string; pid: number; queues: string[]; seconds: number }>(
    // Times are stored as UTC without a zone.
    `SELECT hostname, pid, queues, extract(epoch FROM (now() AT TIME ZONE 'UTC') - "heartbeatAt")::float AS seconds FROM "WorkerProcess" ORDER BY "startedAt"`,
  );
  const alive = rows.filter(({ seconds }) => seconds < staleSeconds);
  const facts = { workers: alive.map(({ hostname, pid, queues }) => ({ hostname, pid, queues })) };
  if (alive.length === 0) return warn('workers', 'workers', 'none runs', remedy, facts);
  const told = alive.map(({ hostname, pid, queues }) => `${hostname} (process ${pid}): ${queues.join(', ')}`);
  return ok('workers', 'workers', told.join('; '), facts);
}

export async function checkQueue(url: string, redisUrl: string | null): Promise<Check> {
  const queues = connectQueues({ databaseUrl: url, redisUrl }, () => undefined);
  const where = redisUrl === null ? 'in the database' : 'in Redis';
  try {
    await queues.ping();
    return ok('queue', 'queue', `${where}, answers`, { backend: queues.backend });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (redisUrl === null && /does not exist/.test(message)) {
      return warn('queue', 'queue', 'its tables are not there yet', 'Run "npm start": it makes them.', { backend: queues.backend });
    }
    const remedy =
      redisUrl === null
        ? 'It lives in the database: mend that first.'
        : 'Check REDIS_URL and that its server runs. Nothing is lost: the work waits in the database.';
    return bad('queue', 'queue', message, remedy, { backend: queues.backend });
  } finally {
    await Promise.race([queues.close().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
  }
}
