/**
 * The embedded server of a data folder, used by several command lines and a running product at once. Whoever uses it holds a session with a
 * shared advisory lock. Only a server that a command line started is ever stopped by one, and only by the last that uses it.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { AppError } from '#lib/errors';
import { findLockHolder } from '../bootstrap/data-lock.mjs';
import { isSame, startOf } from '../bootstrap/processes.mjs';
import { type EmbeddedPostgres, startPostgres } from '../embedded/postgres';

const lockKey = `hashtextextended('plumbline-command-lines', 0)`;
const startWaitMs = 90_000;

export interface SharedPostgres {
  readonly server: EmbeddedPostgres;
  /** Stops the server where nobody else uses it and no `npm start` runs on it. */
  leave(): Promise<void>;
}

/** Every connection of this process and its children says whose it is; the driver reads the name from the environment. */
export function nameConnections(): void {
  process.env.PGAPPNAME = `plumbline command line ${process.pid}`;
}

function postmasterPid(folder: string): string | undefined {
  try {
    return readFileSync(path.join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0];
  } catch {
    return undefined;
  }
}

function isReady(folder: string): boolean {
  try {
    return (readFileSync(path.join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[7] ?? '').trim() === 'ready';
  } catch {
    return false;
  }
}

/** Two first starts at once would both make the cluster and its tables: one after the other. A dead holder's lock is taken over. */
export async function withStartLock<T>(folder: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const file = path.join(folder, 'starting');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
  const deadline = Date.now() + startWaitMs;
  for (;;) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (isDead(file)) rmSync(file, { force: true });
    else if (Date.now() > deadline || signal.aborted) {
      throw new AppError('UNAVAILABLE', 'Another command has been starting the database for too long.', {
        details: { file },
        remedy: 'Wait for it, or end it and try again.',
      });
    } else await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function isDead(file: string): boolean {
  try {
    const holder: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof holder !== 'object' || holder === null || !('pid' in holder) || !('started' in holder)) return false;
    return !isSame({ pid: Number(holder.pid), started: String(holder.started) });
  } catch {
    // Just being written, or just removed.
    return false;
  }
}

/** @throws AppError UNAVAILABLE or DISK_FULL, with the end of the server's log */
export async function joinPostgres(dataDir: string, signal: AbortSignal, log: (line: string) => void): Promise<SharedPostgres> {
  const folder = path.join(dataDir, 'postgres');
  // A start in progress brings the server up itself; it is waited for rather than raced.
  const deadline = Date.now() + startWaitMs;
  while (findLockHolder(dataDir) !== undefined && !isReady(folder) && Date.now() < deadline && !signal.aborted) {
    log('waiting for the start that is going on');
    await sleep(500);
  }
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const server = await withStartLock(folder, signal, async () => {
      const started = await startPostgres({ folder, log });
      // Noted with its process id, so that a server of a later `npm start` is not taken for it.
      if (!started.adopted) writeFileSync(path.join(folder, 'by-command-line'), postmasterPid(folder) ?? '', { mode: 0o600 });
      return started;
    });
    const session = await openSession(server);
    if (session !== undefined) return { server, leave: () => leave(dataDir, folder, server, session) };
    // Its last user is just stopping it.
    await sleep(300);
  }
  throw new AppError('UNAVAILABLE', 'The embedded database is being stopped by somebody else again and again.', {
    remedy: 'Try again in a moment.',
  });
}

async function openSession(server: EmbeddedPostgres): Promise<pg.Client | undefined> {
  const session = new pg.Client({ connectionString: server.url('postgres') });
  session.on('error', () => undefined);
  try {
    await session.connect();
    const { rows } = await session.query(`SELECT pg_try_advisory_lock_shared(${lockKey}) AS held`);
    if (rows[0]?.held === true) return session;
  } catch {
    // Lost while it was being opened: the same as not held.
  }
  await session.end().catch(() => undefined);
  return undefined;
}

async function leave(dataDir: string, folder: string, server: EmbeddedPostgres, session: pg.Client): Promise<void> {
  try {
    if (await isLast(dataDir, folder, session)) await server.stop();
  } catch {
    // The server is gone already, or answers to nobody: nothing of ours is left to stop.
  } finally {
    await Promise.race([session.end().catch(() => undefined), sleep(1000)]);
  }
}

async function isLast(dataDir: string, folder: string, session: pg.Client): Promise<boolean> {
  let ours = '';
  try {
    ours = readFileSync(path.join(folder, 'by-command-line'), 'utf8');
  } catch {
    return false;
  }
  if (ours === '' || ours !== postmasterPid(folder) || findLockHolder(dataDir) !== undefined) return false;
  await session.query(`SELECT pg_advisory_unlock_shared(${lockKey})`);
  const { rows: lock } = await session.query(`SELECT pg_try_advisory_lock(${lockKey}) AS held`);
  if (lock[0]?.held !== true) return false;
  const { rows } = await session.query(
    // Connections of this very process carry its name (nameConnections): one that was given up on Ctrl-C is no other user.
    `SELECT count(*)::int AS others FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND application_name <> current_setting('application_name')`,
  );
  return rows[0]?.others === 0 && findLockHolder(dataDir) === undefined;
}
