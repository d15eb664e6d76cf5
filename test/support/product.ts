import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../../scripts/embedded/free-port';
import { startPostgres } from '../../scripts/embedded/postgres';

const root = path.resolve(import.meta.dirname, '../..');

export interface Product {
  readonly address: string;
  /** PLUMBLINE_HOME of this start. */
  readonly home: string;
  /** The one-time link that it printed. */
  readonly adminLink: string;
  output(): string;
  /** Runs a command line on the same installation; resolves with the object of its last line. */
  plumbline(...args: string[]): Promise<Record<string, unknown>>;
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

/** `npm start` in a data folder of its own, as a person starts it. */
export async function startProduct(environment: Record<string, string> = {}): Promise<Product> {
  const home = await mkdtemp(path.join(tmpdir(), 'plumbline-product-'));
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  let output = '';
  const child = spawn(process.execPath, [path.join(root, 'scripts/start.mjs')], {
    cwd: root,
    env: { ...process.env, ...environment, PORT: String(port), PLUMBLINE_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  await ready(child, address, () => output);
  const adminLink = await linkIn(() => output);
  return {
    address,
    home,
    adminLink: adminLink.replace(/^https?:\/\/[^/]+/, address),
    output: () => output,
    plumbline: (...args) => plumbline(home, environment, args),
    query: async (text, values) => {
      const server = await startPostgres({ folder: path.join(home, 'postgres') });
      const client = new pg.Client({ connectionString: server.url('plumbline') });
      await client.connect();
      try {
        return (await client.query(text, values)).rows;
      } finally {
        await client.end();
      }
    },
    stop: async () => {
      child.kill('SIGINT');
      const ended = await Promise.race([new Promise<boolean>((resolve) => child.once('exit', () => resolve(true))), sleep(60_000, false)]);
      if (child.exitCode === null && !ended) child.kill('SIGKILL');
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function ready(child: ChildProcess, address: string, output: () => string): Promise<void> {
  for (let second = 0; second < 600; second += 1) {
    if (child.exitCode !== null) throw new Error(`the product ended with ${child.exitCode}:\n${output()}`);
    const answered = await fetch(`${address}/health/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) return;
    await sleep(1000);
  }
  throw new Error(`the product did not become ready:\n${output()}`);
}

async function linkIn(output: () => string): Promise<string> {
  for (let tries = 0; tries < 50; tries += 1) {
    const link = output().match(/https?:\/\/\S+\/join\/\S+/)?.[0];
    if (link) return link;
    await sleep(200);
  }
  throw new Error(`no link for the first admin was printed:\n${output()}`);
}

function plumbline(home: string, environment: Record<string, string>, args: readonly string[]): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(root, 'bin/plumbline.mjs'), ...args, '--json'], {
      env: { ...process.env, ...environment, PLUMBLINE_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code !== 0) reject(new Error(`plumbline ${args.join(' ')} ended with ${code}: ${stderr}\n${stdout}`));
      else resolve(JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}'));
    });
  });
}
