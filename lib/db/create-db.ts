import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { ZodError } from 'zod';
import { AppError } from '#lib/errors';
import { burstSocket } from './burst-socket';
import { createDirectDb, type DirectDb } from './direct-db';
import { Prisma, PrismaClient } from './generated/client';
import { createStatementNames } from './statement-names';

export type Db = PrismaClient & { readonly direct: DirectDb };
/** What runs inside `db.$transaction(async (tx) => ...)`. */
export type Tx = Prisma.TransactionClient;

export interface DbOptions {
  /** Most connections at once; the embedded server takes 200 over all processes. */
  readonly max?: number;
  /** Longest wait for a connection, in milliseconds. */
  readonly connectTimeoutMs?: number;
  /** Longest wait for a lock in a transaction of `direct`, in milliseconds; those of Prisma end by their own time. */
  readonly lockTimeoutMs?: number;
}

/** A connection keeps the plans of its statements: somebody who sends one label a minute finds them made. */
const idleTimeoutMillis = 10 * 60_000;

/** One client a process. Connections are made when they are first needed and made again after the server was away. */
export function createDb(url: string, options: DbOptions = {}): Db {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    idleTimeoutMillis,
    pipeline: true,
    stream: burstSocket,
  });
  // A connection that dies while idle is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  const statementNameGenerator = createStatementNames();
  const adapter = new PrismaPg(pool, { onConnectionError: () => undefined, statementNameGenerator });
  const client = new PrismaClient({ adapter, transactionOptions: { maxWait: 10_000, timeout: 30_000 } });
  const disconnect = client.$disconnect.bind(client);
  let ended: Promise<void> | undefined;
  return Object.assign(client, {
    direct: createDirectDb(pool, { nameOf: statementNameGenerator, lockTimeoutMs: options.lockTimeoutMs ?? 30_000 }),
    async $disconnect() {
      await disconnect();
      ended ??= pool.end();
      await ended;
    },
  });
}

const lostPrismaCodes = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024']);
const lostSystemCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EAI_AGAIN']);
const lostMessage =
  /connection (terminated|refused|timeout)|connection error and is not queryable|Client was closed|terminating connection|server closed the connection|the database system is (starting up|shutting down|in recovery)|ConnectionClosed|Can't reach database server|timeout exceeded when trying to connect|Unable to start a transaction in the given time/i;

/** SQLSTATE classes: 08 connection, 57P operator intervention, 53300 too many connections, 55P03 a lock that nobody gave; 53100 disk full. */
function sqlState(error: object): string | undefined {
  if ('code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) && !error.code.startsWith('P'))
    return error.code;
  if ('originalCode' in error && typeof error.originalCode === 'string') return error.originalCode;
  return undefined;
}

/** The error itself and what it wraps: the driver's own error lies below Prisma's, as `cause` or in `meta.driverAdapterError`. */
function* layers(error: unknown): Generator<object> {
  const seen = new Set<unknown>();
  const queue: unknown[] = [error];
  while (queue.length > 0) {
    const next = queue.shift();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    yield next;
    if ('cause' in next) queue.push(next.cause);
    if ('meta' in next) queue.push(next.meta);
    if ('driverAdapterError' in next) queue.push(next.driverAdapterError);
    if ('errors' in next && Array.isArray(next.errors)) queue.push(...next.errors);
  }
}

function diskFull(cause: unknown): AppError {
  return new AppError('DISK_FULL', 'The disk of the database is full; nothing was changed.', {
    remedy: 'Free some space on that disk, then try again.',
    cause,
  });
}

function unavailable(cause: unknown): AppError {
  return new AppError('UNAVAILABLE', 'The database cannot be reached; nothing was changed.', {
    remedy: 'It is tried again by itself. If this lasts, `plumbline doctor` says what is wrong.',
    cause,
  });
}

function busy(cause: unknown): AppError {
  return new AppError('UNAVAILABLE', 'Somebody else has been changing the same thing for too long; nothing was changed.', {
    remedy: 'Try again in a moment.',
    cause,
  });
}

function wrongInput(error: ZodError): AppError {
  const faults = error.issues.map((issue) => (issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`));
  return new AppError('BAD_INPUT', `What was given cannot be used: ${faults.slice(0, 3).join('; ')}.`, {
    details: { faults },
    cause: error,
  });
}

/**
 * Any thrown value as an AppError: itself if it is one; BAD_INPUT, naming the fields, where a schema refused its input; UNAVAILABLE where the database was lost; DISK_FULL where its disk, or ours, is full;
 * else INTERNAL, whose message holds nothing of the cause.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ZodError) return wrongInput(error);
  for (const layer of layers(error)) {
    if (layer instanceof AppError) return layer;
    const state = sqlState(layer);
    const code = 'code' in layer && typeof layer.code === 'string' ? layer.code : undefined;
    const message = 'message' in layer && typeof layer.message === 'string' ? layer.message : '';
    if (state === '55P03') return busy(error);
    if (state === '53100' || code === 'ENOSPC' || /No space left on device/.test(message)) return diskFull(error);
    if (state !== undefined && (state.startsWith('08') || state.startsWith('57P') || state === '53300')) return unavailable(error);
    if (code !== undefined && (lostPrismaCodes.has(code) || lostSystemCodes.has(code))) return unavailable(error);
    if (lostMessage.test(message)) return unavailable(error);
    if (layer instanceof Prisma.PrismaClientInitializationError) return unavailable(error);
  }
  return new AppError('INTERNAL', 'Something went wrong on our side.', {
    remedy: 'Try again. If it happens again, look into the log of this process.',
    cause: error,
  });
}
