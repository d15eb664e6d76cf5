import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { forgetProcess, noteProcess } from '../bootstrap/process-record.mjs';
import { endSession, type NotedProcess } from '../bootstrap/processes.mjs';
import { importantLine } from './important-line';
import { LogFile } from './log-file';
import { decideRestart } from './restart-policy';

const sameLineMs = 30_000;
const databasePollMs = 1_000;

export interface ChildSpec {
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** How long it may take to end after SIGTERM. */
  readonly graceMs: number;
}

export interface ChildHooks {
  say(text: string): void;
  databaseAnswers(): Promise<boolean>;
  /** It died too often; `reason` holds the end of its log. */
  gaveUp(reason: string): void;
}

/**
 * A Node process of ours that is kept running. It leads its own session, so that the terminal's Ctrl-C reaches only the supervisor, which
 * stops things in order, and so that all it started can be ended with it.
 */
export class ManagedChild {
  private readonly log: LogFile;
  private child: ChildProcess | undefined;
  private noted: NotedProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private stopping = false;
  private readonly saidAt = new Map<string, number>();
  private quickDeaths = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly spec: ChildSpec,
    private readonly dataDir: string,
    logFolder: string,
    private readonly hooks: ChildHooks,
  ) {
    this.log = new LogFile(logFolder, spec.name);
  }

  get pid(): number | undefined {
    return this.child?.exitCode === null && this.child.signalCode === null ? this.child.pid : undefined;
  }

  get logFile(): string {
    return this.log.file;
  }

  start(): void {
    if (this.stopping) return;
    const { spec } = this;
    const startedAt = Date.now();
    const child = spawn(process.execPath, spec.args, { cwd: spec.cwd, env: spec.env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.child = child;
    this.noted = child.pid === undefined ? undefined : noteProcess(this.dataDir, spec.name, child.pid);
    this.log.write(`--- ${new Date().toISOString()} ${spec.name} started as process ${child.pid ?? '?'}`);
    for (const source of ['stdout', 'stderr'] as const) {
      createInterface({ input: child[source] }).on('line', (line) => this.take(line, source));
    }
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        void this.onEnd(how, Date.now() - startedAt, closed).finally(resolve);
      };
      child.once('error', (error) => end(error.message));
      child.once('exit', (code, signal) => end(signal === null ? `ended with code ${code}` : `was ended by ${signal}`));
    });
  }

  /** Ends it with everything it started; at once where `graceMs` is 0, also while a slower stop is under way. */
  async stop(graceMs = this.spec.graceMs): Promise<void> {
    const first = !this.stopping;
    this.stopping = true;
    clearTimeout(this.timer);
    if (this.noted !== undefined) await endSession(this.noted, graceMs);
    await this.ended;
    if (!first) return;
    forgetProcess(this.dataDir, this.spec.name);
    this.log.close();
  }

  private take(line: string, source: 'stdout' | 'stderr'): void {
    this.log.write(line);
    const important = importantLine(line, source);
    if (important === undefined || this.stopping) return;
    // Many connections lose one database: said once.
    if (Date.now() - (this.saidAt.get(important) ?? 0) < sameLineMs) return;
    if (this.saidAt.size > 100) this.saidAt.clear();
    this.saidAt.set(important, Date.now());
    this.hooks.say(important);
  }

  private async onEnd(how: string, livedMs: number, closed: Promise<void>): Promise<void> {
    this.log.write(`--- ${new Date().toISOString()} ${this.spec.name} ${how}`);
    if (this.stopping) return;
    // Children of its own may have outlived it.
    if (this.noted !== undefined) await endSession(this.noted, 0);
    // Its last words are still in the pipe.
    await Promise.race([closed, sleep(500)]);
    if (this.stopping) return;
    // What dies because the database is away is not at fault, and would only die again before it is back.
    if (!(await this.hooks.databaseAnswers())) {
      this.hooks.say(`${how}; starting it again when the database answers`);
      this.later(databasePollMs);
      return;
    }
    const decision = decideRestart(livedMs, this.quickDeaths);
    this.quickDeaths = decision.quickDeaths;
    if (decision.kind === 'give-up') {
      const times = `${decision.quickDeaths} times in a row`;
      this.hooks.gaveUp(`${this.spec.name} ${how}, ${times}. Its log ends with:\n${this.lastWords()}\nThe whole log: ${this.log.file}`);
      return;
    }
    this.hooks.say(`${how}; starting it again in ${decision.delayMs / 1000} s`);
    this.later(decision.delayMs);
  }

  private later(delayMs: number): void {
    if (this.stopping) return;
    this.timer = setTimeout(async () => {
      if (await this.hooks.databaseAnswers()) this.start();
      else this.later(databasePollMs);
    }, delayMs);
  }

  /** The end of the log without the frames of stacks. */
  private lastWords(): string {
    const lines = this.log.lastLines(40).filter((line) => !line.startsWith('---'));
    const important = lines.flatMap((line) => importantLine(line, 'stderr') ?? []);
    return (important.length > 0 ? important : lines).slice(-6).join('\n');
  }
}
