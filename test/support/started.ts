import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = path.resolve(import.meta.dirname, '../..');

export interface Ended {
  readonly code: number | string | null;
  readonly output: string;
}

/** A `npm start` of this checkout in a data folder of its own. It leads its own process group, as one in a terminal does. */
export class Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  output = '';
  private isOver = false;

  constructor(
    readonly home: string,
    readonly port: number,
    env: Readonly<Record<string, string>> = {},
  ) {
    this.child = spawn(process.execPath, [path.join(root, 'scripts', 'start.mjs')], {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production', PLUMBLINE_HOME: home, PORT: String(port), PLUMBLINE_ENGINE: 'wasm', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const take = (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
    };
    this.child.stdout?.on('data', take);
    this.child.stderr?.on('data', take);
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.isOver = true;
        resolve({ code: code ?? signal, output: this.output });
      });
    });
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Waits for a line that matches; fails with all that was said. */
  async says(pattern: RegExp, withinMs = 240_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found;
      if (this.isOver || Date.now() > deadline) throw new Error(`never said ${pattern}:\n${this.output}`);
      await sleep(50);
    }
  }

  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.address}/health/ready`, { signal: AbortSignal.timeout(3000) })).ok;
    } catch {
      return false;
    }
  }

  async untilReady(withinMs = 60_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!(await this.isReady())) {
      if (Date.now() > deadline) throw new Error(`not ready:\n${this.output}`);
      await sleep(100);
    }
  }

  /** Process id of `web` or `worker`, as the start noted it down. */
  pidOf(name: string): number {
    const noted: { name: string; pid: number }[] = JSON.parse(readFileSync(path.join(this.home, 'run', 'processes.json'), 'utf8'));
    const pid = noted.find((entry) => entry.name === name)?.pid;
    if (pid === undefined) throw new Error(`no ${name} among ${JSON.stringify(noted)}`);
    return pid;
  }

  get postgresPid(): number {
    return Number(readFileSync(path.join(this.home, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  }

  get databaseUrl(): string {
    const password = readFileSync(path.join(this.home, 'postgres', 'password'), 'utf8').trim();
    const port = readFileSync(path.join(this.home, 'postgres', 'port'), 'utf8').trim();
    return `postgresql://plumbline:${password}@127.0.0.1:${port}/plumbline`;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.child.pid !== undefined && !this.isOver) process.kill(this.child.pid, signal);
  }
}
