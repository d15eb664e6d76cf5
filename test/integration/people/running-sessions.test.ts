import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '#lib/db/create-db';
import { RunningSessions } from '../../../app/_auth/running-sessions';
import { createTestDatabase, type TestDatabase } from '../../support/database';

const now = new Date('2026-03-01T12:00:00Z');
const hourMs = 3600_000;
const age = { expiresIn: 14 * 24 * 3600, updateAge: 24 * 3600 };
const deps = (db: Db) => ({ db, clock: { now: () => now } });

let database: TestDatabase;

async function addSession(name: string, options: { expiresAt?: Date; disabledAt?: Date } = {}): Promise<string> {
  const user = await database.db.user.create({
    data: { name, email: `${name}@example.org`, emailVerified: true, disabledAt: options.disabledAt ?? null },
  });
  const expiresAt = options.expiresAt ?? new Date(now.getTime() + age.expiresIn * 1000);
  await database.db.session.create({ data: { token: `token of ${name}`, userId: user.id, expiresAt } });
  return `token of ${name}`;
}

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database?.drop();
});

describe('the sessions that are asked for at once', () => {
  it('are each the person whose token it is, and nobody where there is none, it ended or its account is disabled', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `person-${index}`);
    const tokens = await Promise.all(names.map((name) => addSession(name)));
    const ended = await addSession('ended', { expiresAt: new Date(now.getTime() - hourMs) });
    const due = await addSession('due', { expiresAt: new Date(now.getTime() + (age.expiresIn - age.updateAge) * 1000 - hourMs) });
    const disabled = await addSession('disabled', { disabledAt: now });
    const sessions = new RunningSessions(deps(database.db), age);
    const asked = [...tokens, ended, due, disabled, 'unknown', ...[...tokens].reverse()];
    const found = await Promise.all(asked.map((token) => sessions.find(token)));
    expect(found.map((user) => user?.name ?? null)).toEqual([...names, null, null, null, null, ...[...names].reverse()]);
    expect(Object.keys(found[0] ?? {}).sort()).toEqual(['email', 'id', 'isSystemAdmin', 'name']);
  });

  it('ask with one statement, and the next turn with another', async () => {
    const statements: unknown[] = [];
    const counted = Object.create(database.db, {
      direct: {
        value: {
          $queryRaw: async (...statement: [TemplateStringsArray, ...unknown[]]) => {
            statements.push(statement);
            return database.db.direct.$queryRaw(...statement);
          },
        },
      },
    }) as Db;
    const sessions = new RunningSessions(deps(counted), age);
    await Promise.all([sessions.find('a'), sessions.find('b'), sessions.find('a')]);
    expect(statements.length).toBe(1);
    await sessions.find('a');
    expect(statements.length).toBe(2);
  });

  it('all learn that the database does not answer, and the next who ask are answered', async () => {
    const own = await createTestDatabase();
    await own.db.user.create({ data: { id: 'u', name: 'Ana', email: 'ana@example.org', emailVerified: true } });
    const expiresAt = new Date(now.getTime() + age.expiresIn * 1000);
    await own.db.session.create({ data: { token: 'hers', userId: 'u', expiresAt } });
    const sessions = new RunningSessions(deps(own.db), age);
    await own.db.$executeRaw`alter table "Session" rename to "Gone"`;
    const failed = await Promise.allSettled([sessions.find('hers'), sessions.find('other')]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await own.db.$executeRaw`alter table "Gone" rename to "Session"`;
    expect(await sessions.find('hers')).toMatchObject({ name: 'Ana' });
    await own.drop();
  });
});
