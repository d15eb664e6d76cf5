import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { freePort } from '../../scripts/embedded/free-port';
import { Started } from './started';

const root = path.resolve(import.meta.dirname, '../..');
const link = /https?:\/\/[^/\s]+(\/join\/\S+)/;

export interface Product {
  readonly address: string;
  /** PLUMBLINE_HOME of this start. */
  readonly home: string;
  /** The one-time link that it printed. */
  readonly adminLink: string;
  /** Runs a command line on the same installation; resolves with the object of its last line. */
  plumbline(...args: string[]): Promise<Record<string, unknown>>;
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

/** `npm start` with the best engine there is, in a data folder of its own; ready when the function returns. */
export async function startProduct(): Promise<Product> {
  const home = await mkdtemp(path.join(tmpdir(), 'plumbline-product-'));
  const started = new Started(home, await freePort(), { PLUMBLINE_ENGINE: 'auto' });
  const [, join] = await started.says(link, 900_000);
  await started.untilReady(120_000);
  const pool = new pg.Pool({ connectionString: started.databaseUrl, max: 2 });
  return {
    address: started.address,
    home,
    adminLink: `${started.address}${join}`,
    plumbline: (...args) => plumbline(home, args),
    query: async (text, values) => (await pool.query(text, values)).rows,
    stop: async () => {
      await pool.end();
      started.kill('SIGINT');
      await started.ended;
      await rm(home, { recursive: true, force: true });
    },
  };
}

function plumbline(home: string, args: readonly string[]): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(root, 'bin/plumbline.mjs'), ...args, '--json'], {
      env: { ...process.env, PLUMBLINE_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code !== 0) reject(new Error(`plumbline ${args.join(' ')} ended with ${code}: ${stderr}\n${stdout}`));
      else resolve(JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}'));
    });
  });
}
