import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { AppError } from '#lib/errors';

export interface MigrationState {
  /** Names of migrations in the folder that the database does not have. */
  readonly pending: readonly string[];
  /** Names of migrations that began and did not finish. */
  readonly failed: readonly string[];
  /** Names of applied migrations whose file is not the one that was applied. */
  readonly changed: readonly string[];
  /** Names of applied migrations that this version of the program does not know. */
  readonly unknown: readonly string[];
}

interface AppliedRow {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
  rolled_back_at: Date | null;
}

/** Compares prisma/migrations with the database's own record, which is Prisma's `_prisma_migrations`. */
export async function readMigrationState(root: string, url: string): Promise<MigrationState> {
  const folder = path.join(root, 'prisma', 'migrations');
  const files = readdirSync(folder).filter((name) => existsSync(path.join(folder, name, 'migration.sql')));
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  let rows: AppliedRow[] = [];
  try {
    const found = await client.query("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there");
    if (found.rows[0]?.there === true) {
      rows = (await client.query<AppliedRow>('SELECT migration_name, checksum, finished_at, rolled_back_at FROM _prisma_migrations')).rows;
    }
  } finally {
    await client.end();
  }
  const standing = rows.filter((row) => row.rolled_back_at === null);
  const finished = new Map(standing.filter((row) => row.finished_at !== null).map((row) => [row.migration_name, row.checksum]));
  const checksum = (name: string) =>
    createHash('sha256')
      .update(readFileSync(path.join(folder, name, 'migration.sql')))
      .digest('hex');
  return {
    pending: files.filter((name) => !finished.has(name)).sort(),
    failed: standing.filter((row) => row.finished_at === null).map((row) => row.migration_name),
    changed: files.filter((name) => finished.has(name) && finished.get(name) !== checksum(name)),
    unknown: [...finished.keys()].filter((name) => !files.includes(name)),
  };
}

function deploy(root: string, url: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(root, 'node_modules', 'prisma', 'build', 'index.js'), 'migrate', 'deploy'], {
      cwd: root,
      env: { ...process.env, DATABASE_URL: url, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (chunk: Buffer) => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

/**
 * Brings the database to this version's schema; nothing is started when nothing is pending.
 * @returns names of the migrations that were applied
 * @throws AppError PRECONDITION where the database is from a newer version or a migration was edited or failed before
 */
export async function migrateDatabase(root: string, url: string): Promise<readonly string[]> {
  const before = await readMigrationState(root, url);
  if (before.failed.length > 0) {
    throw new AppError('PRECONDITION', `The database has a migration that began and did not finish: ${before.failed.join(', ')}.`, {
      remedy: 'Restore the database from a backup, or mend it and run `npx prisma migrate resolve`.',
    });
  }
  if (before.changed.length > 0) {
    throw new AppError('PRECONDITION', `Migrations were edited after they had been applied: ${before.changed.join(', ')}.`, {
      remedy: 'Put the files back as they were released, and write a new migration for the change.',
    });
  }
  if (before.unknown.length > 0) {
    throw new AppError('PRECONDITION', `The database is from a newer version: it has ${before.unknown.join(', ')}.`, {
      remedy: 'Start the version that made this data folder, or a newer one.',
    });
  }
  if (before.pending.length === 0) return [];
  const { code, output } = await deploy(root, url);
  // The tool can end with 0 after its engine crashed: only the database's own record counts.
  const after = await readMigrationState(root, url);
  if (code !== 0 || after.pending.length > 0 || after.failed.length > 0) {
    throw new AppError('INTERNAL', `The database could not be brought up to date:\n${output.trim().split('\n').slice(-12).join('\n')}`, {
      remedy: 'Nothing of the failed migration was kept. Report this text.',
    });
  }
  return before.pending;
}
