import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { createDb, type Db } from '#lib/db/create-db';
import { templateName } from './global-setup';

export interface TestDatabase {
  readonly url: string;
  readonly db: Db;
  /** Disconnects and removes the database; for afterAll. */
  drop(): Promise<void>;
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('testServerUrl') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A database of its own with this version's schema, cloned from the run's template (about 0.1 s). */
export async function createTestDatabase(options: { readonly max?: number } = {}): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${templateName}`);
  const address = new URL(inject('testServerUrl'));
  address.pathname = `/${name}`;
  const db = createDb(address.href, { max: options.max ?? 8 });
  return {
    url: address.href,
    db,
    async drop() {
      await db.$disconnect();
      await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}
