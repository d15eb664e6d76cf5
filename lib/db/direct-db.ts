import type { Pool, PoolClient, QueryResult } from 'pg';
import pg from 'pg';
import { AppError } from '#lib/errors';
import { Prisma } from './generated/client';

/** Through what a statement is sent: Prisma, a transaction of Prisma, or the driver itself. */
export interface Statements {
  $queryRaw<T = unknown>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<T>;
  $executeRaw(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<number>;
}

export interface DirectTx extends Statements {
  /** Commits with the statements sent in the same turn of the event loop, for the last of them; what is sent later is outside. */
  end(): Promise<void>;
}

/**
 * The same connections without Prisma between a statement and the driver, which costs five times what the driver does: for what an annotator
 * waits for. Statements, values and rows are those of Prisma's `$queryRaw`; errors are the driver's own (`toAppError` reads both). Statements
 * sent in one turn of the event loop (`Promise.all`) travel together and are done one after the other.
 */
export interface DirectDb extends Statements {
  /** Committed where `work` ends, rolled back where it throws or a statement failed: rejects then with that failure. */
  transaction<T>(work: (tx: DirectTx) => Promise<T>): Promise<T>;
}

interface DirectOptions {
  readonly nameOf: NameOf;
  /** Longest wait of a transaction's statement for a lock, in milliseconds. */
  readonly lockTimeoutMs: number;
}

export function createDirectDb(pool: Pool, { nameOf, lockTimeoutMs }: DirectOptions): DirectDb {
  const begin = `BEGIN; SET LOCAL lock_timeout = ${lockTimeoutMs}`;
  return {
    ...statementsOf((statement) => pool.query(statement), nameOf),
    async transaction(work) {
      const client = await pool.connect();
      // A connection that dies fails the statement it was at; without a listener it would end the process.
      client.on('error', ignore);
      // The connection is somebody else's then.
      let isOver = false;
      let failure: unknown;
      const send = (statement: Statement | string) => {
        if (isOver) return Promise.reject(new AppError('INVARIANT', 'A statement came after the end of its transaction.'));
        const result = client.query(statement);
        result.catch((error: unknown) => {
          failure ??= error;
        });
        return result;
      };
      // The server rolls back without an error where a statement failed before, also one whose failure nobody minded.
      const commit = async () => {
        const { command } = await send('COMMIT');
        if (command !== 'COMMIT') throw failure;
      };
      let ended: Promise<void> | undefined;
      const end = () => {
        ended ??= commit();
        return ended;
      };
      try {
        const begun = send(begin);
        const result = await work({ ...statementsOf(send, nameOf), end });
        await begun;
        await end();
        isOver = true;
        client.off('error', ignore).release();
        return result;
      } catch (error) {
        isOver = true;
        await giveUp(client);
        throw error;
      }
    },
  };
}

function ignore(): void {}

/** Back to the pool where it can be used again, else closed: then the server rolls back. */
async function giveUp(client: PoolClient): Promise<void> {
  const failed = await client.query('ROLLBACK').then(
    () => undefined,
    (error: unknown) => error,
  );
  client.off('error', ignore).release(failed !== undefined);
}

type NameOf = (statement: { sql: string }) => string;

interface Statement {
  readonly name: string | undefined;
  readonly text: string;
  readonly values: unknown[];
  readonly types: typeof types;
}

function statementsOf(send: (statement: Statement) => Promise<QueryResult>, nameOf: NameOf): Statements {
  const run = (query: TemplateStringsArray | Prisma.Sql, values: readonly unknown[]) => {
    const sql = query instanceof Prisma.Sql ? query : Prisma.sql(query, ...values);
    const { text } = sql;
    return send({ name: nameOf({ sql: text }) || undefined, text, values: sql.values.map(sent), types });
  };
  return {
    $queryRaw: async <T>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]) => (await run(query, values)).rows as T,
    $executeRaw: async (query, ...values) => (await run(query, values)).rowCount ?? 0,
  };
}

/** Times are kept in UTC, in columns without a zone; the driver would send them in the zone of the process. */
function sent(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  return Array.isArray(value) ? value.map(sent) : value;
}

const { builtins } = pg.types;
/** Lists of what is read differently from the driver's way: bigint, date, timestamp, numeric. */
const unread = new Map([
  [1016, 'bigint[]'],
  [1115, 'timestamp[]'],
  [1182, 'date[]'],
  [1231, 'numeric[]'],
]);

const readers = new Map<number, (text: string) => unknown>([
  [builtins.INT8, BigInt],
  [builtins.NUMERIC, (text) => new Prisma.Decimal(text)],
  [builtins.DATE, (text) => new Date(`${text}T00:00:00.000Z`)],
  [builtins.TIMESTAMP, (text) => new Date(`${text.replace(' ', 'T')}Z`)],
  ...[...unread].map(([oid, name]): [number, () => never] => [oid, () => refuse(name)]),
]);

/** @throws AppError INVARIANT */
function refuse(name: string): never {
  throw new AppError('INVARIANT', `A column of type ${name} is read through Prisma only.`);
}

/** As Prisma reads them. */
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    (format === 'binary' ? undefined : readers.get(oid)) ?? pg.types.getTypeParser(oid, format),
};
