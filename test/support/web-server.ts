import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/embedded/free-port';

const root = path.resolve(import.meta.dirname, '../..');

/** The built web process of this checkout on a database of the test's own; no worker beside it. */
export class WebServer {
  readonly address: string;
  output = '';
  readonly #port: number;
  readonly #databaseUrl: string;
  readonly #home = mkdtempSync(path.join(os.tmpdir(), 'plumbline-web-'));
  #child: ChildProcess | null = null;

  private constructor(databaseUrl: string, port: number) {
    this.#databaseUrl = databaseUrl;
    this.#port = port;
    this.address = `http://127.0.0.1:${port}`;
  }

  static async start(databaseUrl: string): Promise<WebServer> {
    const server = new WebServer(databaseUrl, await freePort());
    await server.start();
    return server;
  }

  /** Also after `stop`: the same address again. */
  async start(): Promise<void> {
    const built = path.join(root, process.env.PLUMBLINE_NEXT_DIR ?? '.next', 'BUILD_ID');
    if (!existsSync(built)) throw new Error('The pages are not built: npm run build');
    const program = path.join(root, 'dist', 'web.mjs');
    const child = spawn(process.execPath, [program, '--host', '127.0.0.1', '--port', String(this.#port)], {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production', DATABASE_URL: this.#databaseUrl, PLUMBLINE_HOME: this.#home, LOG_LEVEL: 'error' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const take = (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    const deadline = Date.now() + 120_000;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the web server did not start:\n${this.output}`);
      await sleep(100);
    }
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
  }

  /** As the supervisor stops it; the exit code. */
  async terminate(): Promise<number | null> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return null;
    const closed = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
    child.kill('SIGTERM');
    return closed;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.address}/health/live`, { signal: AbortSignal.timeout(3000) })).ok;
    } catch {
      return false;
    }
  }
}
