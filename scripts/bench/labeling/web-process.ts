import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#lib/errors';

const root = path.resolve(import.meta.dirname, '../../..');
const startDeadlineMs = 120_000;

export interface WebProcess {
  readonly address: string;
  readonly pid: number;
  /** The same process again, for a shell. */
  readonly command: string;
  stop(): Promise<void>;
}

async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/health/live`, { signal: AbortSignal.timeout(3000) })).ok;
  } catch {
    return false;
  }
}

/** The production web process of this checkout, as the supervisor starts it, on a database of the bench. */
export async function startWeb(settings: {
  readonly port: number;
  readonly databaseUrl: string;
  readonly home: string;
}): Promise<WebProcess> {
  const program = path.join(root, 'dist', 'web.mjs');
  const pages = path.join(root, process.env.PLUMBLINE_NEXT_DIR ?? '.next', 'BUILD_ID');
  if (![program, pages].every((file) => existsSync(file))) {
    throw new AppError('PRECONDITION', 'The web process is not built.', { remedy: 'npm run build' });
  }
  const own = { NODE_ENV: 'production', DATABASE_URL: settings.databaseUrl, PLUMBLINE_HOME: settings.home, LOG_LEVEL: 'error' };
  const args = [program, '--host', '127.0.0.1', '--port', String(settings.port)];
  const env: NodeJS.ProcessEnv = { ...process.env, ...own, NODE_ENV: 'production' };
  const child: ChildProcess = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const address = `http://127.0.0.1:${settings.port}`;
  const deadline = Date.now() + startDeadlineMs;
  while (!(await answers(address))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new AppError('UNAVAILABLE', 'The web process did not start.');
    await sleep(100);
  }
  const variables = Object.entries(own).map(([name, value]) => `${name}='${value}'`);
  const command = ['cd', `'${root}'`, '&&', 'exec', 'env', ...variables, `'${process.execPath}'`, ...args.map((arg) => `'${arg}'`)].join(
    ' ',
  );
  return { address, pid: child.pid ?? 0, command, stop: () => stopProcess(child) };
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await closed;
  clearTimeout(patience);
}
