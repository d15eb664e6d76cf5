/** What `npm start` runs after it has prepared the clone: database, web and worker, kept running until Ctrl-C. */
import path from 'node:path';
import { FolderStore } from '#lib/blobs/folder-store';
import { createDb } from '#lib/db/create-db';
import { systemClock } from '#lib/domain/clock';
import { type Env, parseEnv, readOrMakeSecret } from '#lib/env';
import { AppError } from '#lib/errors';
import { migrateQueues } from '#lib/queues/connection';
import { createFirstAdminInvitation } from '#lib/services/people/create-first-admin-invitation';
import type { Reporter } from '../bootstrap/steps.mjs';
import { migrateDatabase } from '../embedded/migrate';
import { databaseAnswers, type OpenDatabase, openDatabase } from '../embedded/open-database';
import { DatabaseKeeper } from './database-keeper';
import { ManagedChild } from './managed-child';
import { requireRedis } from './require-redis';
import { localAddress, waitUntilReady } from './wait-until-ready';

const lowDiskBytes = 2e9;
const webGraceMs = 4_000;
const workerGraceMs = 12_000;

export interface SuperviseOptions {
  readonly root: string;
  readonly reporter: Reporter;
  /** Fires on the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Fires on the second: everything ends at once. */
  readonly hurry: AbortSignal;
  /** Settles when the tensor library is prepared; the worker waits for it, the pages do not. */
  readonly engine: Promise<{ readonly gpu: boolean }>;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** @returns the exit code, after everything has stopped */
export async function supervise(options: SuperviseOptions): Promise<number> {
  const env = parseEnv(process.env);
  const supervisor = new Supervisor(options, env);
  try {
    await supervisor.start();
    return await supervisor.untilStopped();
  } catch (error) {
    if (options.signal.aborted) return 0;
    options.reporter.failure(supervisor.failure === undefined ? error : new AppError('UNAVAILABLE', supervisor.failure));
    return 1;
  } finally {
    await supervisor.stop();
  }
}

class Supervisor {
  private database: OpenDatabase | undefined;
  private keeper: DatabaseKeeper | undefined;
  private web: ManagedChild | undefined;
  private worker: ManagedChild | undefined;
  /** Why it stops by itself. */
  failure: string | undefined;
  private readonly failed = new AbortController();

  constructor(
    private readonly options: SuperviseOptions,
    private readonly env: Env,
  ) {}

  async start(): Promise<void> {
    const { env } = this;
    const { reporter, root } = this.options;
    readOrMakeSecret(env.dataDir);
    await this.checkDisk();
    const { url } = await reporter.step('database', async (note) => {
      note(env.databaseUrl === null ? 'starting PostgreSQL' : 'connecting to DATABASE_URL');
      this.database = await openDatabase(env.dataDir, env.databaseUrl, note);
      return this.database;
    });
    this.requireNoStop();
    await reporter.step('schema', async (note) => {
      const applied = await migrateDatabase(root, url);
      if (applied.length > 0) note(`brought up to date: ${applied.join(', ')}`);
      await migrateQueues({ databaseUrl: url, redisUrl: env.redisUrl });
    });
    const { redisUrl } = env;
    if (redisUrl !== null) await reporter.step('queues', () => requireRedis(redisUrl));
    this.requireNoStop();
    this.keepDatabase();
    await reporter.step('web and worker', async (note) => {
      note('starting');
      const stopped = AbortSignal.any([this.options.signal, this.failed.signal]);
      this.startWeb(url);
      const worker = this.options.engine.then(({ gpu }) => this.startWorker(url, gpu));
      await waitUntilReady(localAddress(env.host, env.port), this.web?.logFile ?? '', stopped);
      await Promise.race([worker, aborted(stopped)]);
      this.requireNoStop();
    });
    await this.announce(url);
  }

  /** Until Ctrl-C, or until something that nothing works without was given up. */
  async untilStopped(): Promise<number> {
    const { signal, reporter } = this.options;
    await aborted(AbortSignal.any([signal, this.failed.signal]));
    if (this.failure === undefined) return 0;
    reporter.write(`\nPlumbline stops: ${this.failure}`);
    return 1;
  }

  /** Web and worker together, then the database. */
  async stop(): Promise<void> {
    const { hurry, reporter } = this.options;
    if (this.database === undefined) return;
    const since = performance.now();
    reporter.write('\nStopping.');
    const grace = (ms: number) => (hurry.aborted ? 0 : ms);
    const stopChildren = Promise.all([this.web?.stop(grace(webGraceMs)), this.worker?.stop(grace(workerGraceMs))]);
    await Promise.race([stopChildren, aborted(hurry)]);
    if (hurry.aborted) await Promise.all([this.web?.stop(0), this.worker?.stop(0)]);
    await this.keeper?.close();
    await this.database.embedded?.stop();
    reporter.write(`Stopped in ${((performance.now() - since) / 1000).toFixed(1)} s.`);
  }

  private requireNoStop(): void {
    if (this.options.signal.aborted) throw new AppError('CANCELLED', 'Stopped while starting.');
  }

  private async checkDisk(): Promise<void> {
    const blobs = new FolderStore(path.join(this.env.dataDir, 'blobs'));
    const free = await blobs.freeBytes();
    if (free < lowDiskBytes) {
      this.options.reporter.say(
        'disk',
        `only ${(free / 1e9).toFixed(1)} GB are free under ${this.env.dataDir}; training needs room for checkpoints`,
      );
    }
    await blobs.removeStaleUploads(systemClock.now());
  }

  private giveUp(reason: string): void {
    this.failure ??= reason;
    this.failed.abort();
  }

  private keepDatabase(): void {
    if (this.database?.embedded === undefined) return;
    this.keeper = new DatabaseKeeper(this.database.embedded, {
      say: (text) => this.options.reporter.say('database', text),
      gaveUp: (reason) => this.giveUp(`the database could not be started again. ${reason}`),
    });
  }

  private makeChild(name: string, url: string, args: readonly string[], graceMs: number, gaveUp: (reason: string) => void): ManagedChild {
    const { env } = this;
    const environment = {
      ...process.env,
      NODE_ENV: 'production' as const,
      NEXT_TELEMETRY_DISABLED: '1',
      PLUMBLINE_HOME: env.dataDir,
      DATABASE_URL: url,
      PORT: String(env.port),
      HOST: env.host,
    };
    const { root, reporter } = this.options;
    const spec = { name, args, cwd: root, env: environment, graceMs };
    return new ManagedChild(spec, env.dataDir, path.join(env.dataDir, 'logs'), {
      say: (text) => reporter.say(name, text),
      databaseAnswers: () => databaseAnswers(url),
      gaveUp,
    });
  }

  private startWeb(url: string): void {
    const program = path.join(this.options.root, 'dist', 'web.mjs');
    const args = [program, '--host', this.env.host, '--port', String(this.env.port)];
    this.web = this.makeChild('web', url, args, webGraceMs, (reason) => this.giveUp(reason));
    this.web.start();
  }

  /** Without a worker people can still label; what waits for it starts when it is back. */
  private startWorker(url: string, gpu: boolean): void {
    if (this.options.signal.aborted || this.failed.signal.aborted) return;
    const queues = gpu ? 'general,chat,compute-cpu,compute-gpu' : 'general,chat,compute-cpu';
    const args = ['--enable-source-maps', path.join(this.options.root, 'dist', 'worker.mjs'), '--queues', queues];
    this.worker = this.makeChild('worker', url, args, workerGraceMs, (reason) =>
      this.options.reporter.say(
        'worker',
        `is not started again: ${reason}\nLabeling goes on; training and imports wait. Mend it and start Plumbline again.`,
      ),
    );
    this.worker.start();
  }

  private async announce(url: string): Promise<void> {
    const { env } = this;
    const { reporter } = this.options;
    const address =
      env.publicUrl ?? `http://${env.host === '127.0.0.1' ? 'localhost' : new URL(localAddress(env.host, env.port)).hostname}:${env.port}`;
    const db = createDb(url, { max: 2 });
    try {
      const invitation = await createFirstAdminInvitation({ db, clock: systemClock }, { kind: 'system', name: 'start' });
      reporter.write(`\nPlumbline runs at ${address}`);
      if (invitation !== null) {
        reporter.write(
          `There is no admin yet. This link makes the first one; it works once, until ${invitation.expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC:`,
        );
        reporter.write(`  ${address}/join/${invitation.token}`);
      }
      reporter.write(`Data: ${env.dataDir} · logs: ${path.join(env.dataDir, 'logs')} · stop with Ctrl-C`);
    } finally {
      await db.$disconnect();
    }
  }
}
