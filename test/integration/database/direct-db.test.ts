import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDb, type Db, toAppError } from '#lib/db/create-db';
import type { Statements } from '#lib/db/direct-db';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});

afterAll(() => database.drop());

const add = (name: string) => db.direct.$executeRaw`insert into "Project" ("id", "slug", "name") values (${name}, ${name}, ${name})`;
const isKept = async (id: string) => (await db.project.count({ where: { id } })) === 1;

describe('statements sent to the driver', () => {
  test.each(['UTC', 'America/St_Johns'])('read and write what Prisma does, with the clock of %s', async (zone) => {
    const before = process.env.TZ;
    process.env.TZ = zone;
    try {
      const at = new Date('2026-03-29T01:30:00.120Z');
      const values = [
        'text',
        7,
        1.5,
        true,
        null,
        9007199254740993n,
        at,
        ['a', 'b"c,{}', ''],
        JSON.stringify({ a: [1, { b: null }] }),
      ] as const;
      const [s, i, f, b, n, big, t, list, json] = values;
      const ask = (through: Statements) => through.$queryRaw<Record<string, unknown>[]>`
        select ${s}::text as "s", ${i}::int as "i", ${f}::float8 as "f", ${b}::boolean as "b", ${n}::text as "n", ${big}::bigint as "big",
          ${t}::timestamp as "t", ${t}::timestamptz as "tz", (${t}::timestamp)::date as "day", ${[...list]}::text[] as "list",
          ${json}::jsonb as "json", 12.50::numeric as "num", array[1, 2] as "ints", 'RANKING'::"TaskKind"::text as "kind",
          '0099-01-01 00:00:00'::timestamp as "old", '2026-01-01 00:00:00.5'::timestamp as "half"`;
      const [direct] = await ask(db.direct);
      expect(direct).toStrictEqual((await ask(db))[0]);
      expect(direct).toMatchObject({ t: at, big: 9007199254740993n, list: ['a', 'b"c,{}', ''], day: new Date('2026-03-29T00:00:00.000Z') });
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });

  test('refuse a type that they would read wrongly', async () => {
    await expect(db.direct.$queryRaw`select array[now()::timestamp] as "times"`).rejects.toMatchObject({ code: 'INVARIANT' });
  });

  test('tell how many rows they changed, and a fault as the same AppError', async () => {
    expect(await add('counted')).toBe(1);
    expect(await db.direct.$executeRaw`update "Project" set "name" = 'x' where "id" = 'nobody'`).toBe(0);
    const error = await db.direct.$queryRaw`select 1 / 0`.catch((reason: unknown) => reason);
    expect(toAppError(error).code).toBe('INTERNAL');
  });
});

describe('a transaction', () => {
  test('sees its own statements in order, and is kept at its end', async () => {
    const seen = await db.direct.transaction(async (tx) => {
      const [, rows] = await Promise.all([
        tx.$executeRaw`insert into "Project" ("id", "slug", "name") values ('t1', 't1', 't1')`,
        tx.$queryRaw<{ id: string }[]>`select "id" from "Project" where "id" = 't1'`,
      ]);
      expect(await isKept('t1')).toBe(false);
      return rows;
    });
    expect(seen).toEqual([{ id: 't1' }]);
    expect(await isKept('t1')).toBe(true);
  });

  test('leaves nothing behind where its work throws, and gives its connection back', async () => {
    for (let round = 0; round < 20; round += 1) {
      const failing = db.direct.transaction(async (tx) => {
        await tx.$executeRaw`insert into "Project" ("id", "slug", "name") values ('t2', 't2', 't2')`;
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
    }
    expect(await isKept('t2')).toBe(false);
  });

  test('is never said to be kept after a statement failed that nobody minded', async () => {
    const swallowed = db.direct.transaction(async (tx) => {
      await tx.$executeRaw`insert into "Project" ("id", "slug", "name") values ('t3', 't3', 't3')`;
      await tx.$queryRaw`select 1 / 0`.catch(() => null);
    });
    await expect(swallowed).rejects.toMatchObject({ code: '22012' });
    expect(await isKept('t3')).toBe(false);
  });

  test('ends with the statement that its end was sent with', async () => {
    await db.direct.transaction(async (tx) => {
      await Promise.all([tx.$executeRaw`insert into "Project" ("id", "slug", "name") values ('t4', 't4', 't4')`, tx.end()]);
      expect(await isKept('t4')).toBe(true);
    });
    const failing = db.direct.transaction((tx) =>
      Promise.all([tx.$executeRaw`insert into "Project" ("id", "slug", "name") values ('t4', 't4', 't4')`, tx.end()]),
    );
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    expect(await isKept('t4')).toBe(true);
  });

  test('takes no statement once it is over, kept or not', async () => {
    let late = async (): Promise<unknown> => null;
    const keep = (tx: Statements, id: string) => async () =>
      tx.$executeRaw`insert into "Project" ("id", "slug", "name") values (${id}, ${id}, ${id})`;
    await db.direct.transaction(async (tx) => {
      late = keep(tx, 'late-1');
    });
    await expect(late()).rejects.toMatchObject({ code: 'INVARIANT' });
    const failing = db.direct.transaction(async (tx) => {
      late = keep(tx, 'late-2');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await expect(late()).rejects.toMatchObject({ code: 'INVARIANT' });
    expect([await isKept('late-1'), await isKept('late-2')]).toEqual([false, false]);
  });

  test('fails as UNAVAILABLE where the server ends its connection, and the next one works', async () => {
    const cut = db.direct.transaction(async (tx) => {
      await tx.$executeRaw`insert into "Project" ("id", "slug", "name") values ('t5', 't5', 't5')`;
      await tx.$queryRaw`select pg_terminate_backend(pg_backend_pid())`;
    });
    expect(toAppError(await cut.catch((reason: unknown) => reason)).code).toBe('UNAVAILABLE');
    expect(await isKept('t5')).toBe(false);
    expect(await add('t6')).toBe(1);
  });

  test('gives up waiting for a lock that somebody keeps, as UNAVAILABLE', async () => {
    const impatient = createDb(database.url, { max: 1, lockTimeoutMs: 200 });
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let keeping: Promise<void> | undefined;
    await new Promise<void>((locked) => {
      keeping = db.direct.transaction(async (tx) => {
        await tx.$queryRaw`select pg_advisory_xact_lock(7)`;
        locked();
        await released;
      });
    });
    const waiting = impatient.direct.transaction((tx) => tx.$queryRaw`select pg_advisory_xact_lock(7)`);
    expect(toAppError(await waiting.catch((reason: unknown) => reason)).code).toBe('UNAVAILABLE');
    expect(await impatient.direct.$queryRaw`select 1 as "n"`).toEqual([{ n: 1 }]);
    release();
    await keeping;
    await impatient.$disconnect();
  });

  test('shares the connections with many others at once', async () => {
    const counts = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        db.direct.transaction(async (tx) => {
          const id = `many-${index}`;
          await tx.$executeRaw`insert into "Project" ("id", "slug", "name") values (${id}, ${id}, ${id})`;
          return tx.$executeRaw`update "Project" set "name" = 'done' where "id" = ${id}`;
        }),
      ),
    );
    expect(counts).toEqual(Array.from({ length: 60 }, () => 1));
    expect(await db.project.count({ where: { name: 'done' } })).toBe(60);
  });
});
