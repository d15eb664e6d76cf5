import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { AppError } from '#lib/errors';
import { freePort } from './free-port';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries';

const user = 'plumbline';
const maxConnections = 200;
const startDeadlineMs = 90_000;
const stopDeadlineSeconds = 20;

export interface PostgresOptions {
  /** Holds `data`, `password`, `port` and `server.log`. */
  readonly folder: string;
  readonly log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  readonly port: number;
  /** True where a server of an earlier process was found running and is used as it is. */
  readonly adopted: boolean;
  readonly logFile: string;
  /** Address of a database of this server, password included. */
  url(database: string): string;
  /** A real query, because a killed server can look alive for seconds. */
  isAlive(): Promise<boolean>;
  /** Makes the database if it is not there. */
  createDatabase(name: string): Promise<void>;
  /** Starts again on the same port after the server died. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** Process ids of PostgreSQL processes that work in `dataFolder`; empty where the system has no /proc. */
function serverProcesses(dataFolder: string): number[] {
  if (!existsSync('/proc/self/cwd')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === dataFolder && readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres');
      } catch {
        return false;
      }
    });
}

function readPidFile(dataFolder: string): { pid: number; port: number } | undefined {
  try {
    const lines = readFileSync(path.join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(lines[0]);
    const port = Number(lines[3]);
    return Number.isInteger(pid) && Number.isInteger(port) && port > 0 ? { pid, port } : undefined;
  } catch {
    return undefined;
  }
}

function lastLines(file: string, count: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

function failure(message: string, logFile: string, cause: unknown): AppError {
  const tail = lastLines(logFile, 5);
  const full = /No space left on device/.test(tail) || /No space left on device/.test(String(cause));
  return new AppError(full ? 'DISK_FULL' : 'UNAVAILABLE', tail === '' ? message : `${message} Its log ends with:\n${tail}`, {
    remedy: full ? 'Free some space on that disk and start again.' : `The whole log is in ${logFile}.`,
    cause,
  });
}

class PostgresServer implements EmbeddedPostgres {
  readonly logFile: string;
  adopted = false;
  port = 0;
  private readonly dataFolder: string;
  private password = '';

  constructor(
    private readonly folder: string,
    private readonly binaries: PostgresBinaries,
    private readonly log: (line: string) => void,
  ) {
    this.dataFolder = path.join(folder, 'data');
    this.logFile = path.join(folder, 'server.log');
  }

  url(database: string): string {
    return `postgresql://${user}:${this.password}@127.0.0.1:${this.port}/${database}`;
  }

  async isAlive(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url('postgres'), connectionTimeoutMillis: 3000, query_timeout: 3000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async createDatabase(name: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.url('postgres') });
    await client.connect();
    try {
      const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    } finally {
      await client.end();
    }
  }

  /** A kill in the middle of initdb leaves `data.new`, never half a cluster under the real name. */
  async prepareCluster(): Promise<void> {
    const passwordFile = path.join(this.folder, 'password');
    const exists = existsSync(path.join(this.dataFolder, 'PG_VERSION'));
    if (exists) {
      try {
        this.password = readFileSync(passwordFile, 'utf8').trim();
      } catch (cause) {
        throw new AppError('UNAVAILABLE', `The password of the embedded database is missing: ${passwordFile}.`, {
          remedy: 'Put the file back from a backup of the data folder.',
          cause,
        });
      }
      return;
    }
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.password = randomBytes(24).toString('base64url');
    writeFileSync(passwordFile, this.password, { mode: 0o600, flush: true });
    const fresh = `${this.dataFolder}.new`;
    rmSync(fresh, { recursive: true, force: true });
    this.log('making a new database cluster');
    const args = ['-D', fresh, '-U', user, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C.UTF-8'];
    try {
      await this.binaries.run('initdb', args);
    } catch (cause) {
      throw failure(
        `PostgreSQL could not make its data folder ${this.dataFolder}: ${String((cause as { stderr?: string }).stderr ?? cause).trim()}.`,
        this.logFile,
        cause,
      );
    }
    renameSync(fresh, this.dataFolder);
  }

  /** Uses the running server of this folder if one answers, else starts one, outwaiting the leftovers of a killed one. */
  async start(preferredPort: number | undefined): Promise<void> {
    const running = readPidFile(this.dataFolder);
    if (running !== undefined) {
      this.port = running.port;
      if (await this.isAlive()) {
        this.adopted = true;
        return;
      }
    }
    this.port = await freePort(preferredPort);
    const deadline = Date.now() + startDeadlineMs;
    for (;;) {
      this.dropForeignPidFile();
      try {
        await this.binaries.run('pg_ctl', [
          '-D',
          this.dataFolder,
          '-w',
          '-t',
          '60',
          '-l',
          this.logFile,
          '-o',
          this.serverOptions(),
          'start',
        ]);
        break;
      } catch (cause) {
        if (await this.isAlive()) break;
        // A killed server keeps its process id, or its shared memory, for a moment.
        if (Date.now() > deadline || readPidFile(this.dataFolder) === undefined) {
          throw failure('PostgreSQL did not start.', this.logFile, cause);
        }
        await sleep(500);
      }
    }
    writeFileSync(path.join(this.folder, 'port'), String(this.port));
  }

  /** The pid file of a server from before a reboot can name a process that is something else today; PostgreSQL would refuse to start. */
  private dropForeignPidFile(): void {
    const found = readPidFile(this.dataFolder);
    if (found === undefined || !existsSync(`/proc/${found.pid}/comm`)) return;
    const comm = readFileSync(`/proc/${found.pid}/comm`, 'utf8').trim();
    const zombie = /^State:\s+Z/m.test(readFileSync(`/proc/${found.pid}/status`, 'utf8'));
    if (!zombie && comm.startsWith('postgres')) return;
    if (serverProcesses(this.dataFolder).length === 0) rmSync(path.join(this.dataFolder, 'postmaster.pid'), { force: true });
  }

  private serverOptions(): string {
    // fsync, synchronous_commit and full_page_writes stay as PostgreSQL ships them: on.
    const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: maxConnections };
    return [`-p ${this.port}`, ...Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)].join(' ');
  }

  async revive(): Promise<void> {
    if (await this.isAlive()) return;
    await this.start(this.port);
  }

  async stop(): Promise<void> {
    if (readPidFile(this.dataFolder) === undefined) return;
    try {
      await this.binaries.run('pg_ctl', ['-D', this.dataFolder, '-m', 'fast', '-w', '-t', String(stopDeadlineSeconds), 'stop']);
    } catch {
      // A fast stop waits for nobody's transaction; if it still hangs, an immediate one loses nothing that was acknowledged.
      if (!(await this.isAlive()) && serverProcesses(this.dataFolder).length === 0) return;
      await this.binaries.run('pg_ctl', ['-D', this.dataFolder, '-m', 'immediate', '-w', '-t', '10', 'stop']);
    }
  }
}

/** The port of last time, so that an address somebody noted down goes on working. */
function rememberedPort(folder: string): number | undefined {
  try {
    const port = Number(readFileSync(path.join(folder, 'port'), 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Starts (or adopts) the embedded PostgreSQL of `folder`. The server is a daemon: it outlives a killed parent and the terminal's Ctrl-C;
 * only `stop()` ends it.
 * @throws AppError UNAVAILABLE or DISK_FULL, with the end of the server's log
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const folder = path.resolve(options.folder);
  const server = new PostgresServer(folder, await findPostgresBinaries(), options.log ?? (() => undefined));
  await server.prepareCluster();
  await server.start(rememberedPort(folder));
  return server;
}
