import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { EmbeddedPostgres } from '../embedded/postgres';

const pollMs = 5_000;
const mostFailures = 5;

export interface KeeperHooks {
  say(text: string): void;
  gaveUp(reason: string): void;
}

/** Watches the embedded server over a connection of its own and starts it again when it died. */
export class DatabaseKeeper {
  private stopping = false;
  private readonly watching: Promise<void>;
  private readonly closed: Promise<void>;
  private wake: () => void = () => undefined;

  constructor(
    private readonly server: EmbeddedPostgres,
    private readonly hooks: KeeperHooks,
  ) {
    this.closed = new Promise((resolve) => {
      this.wake = resolve;
    });
    this.watching = this.watch();
  }

  /** Ends the watch, not the server. */
  async close(): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.watching;
  }

  private async watch(): Promise<void> {
    let failures = 0;
    while (!this.stopping) {
      await this.untilLost();
      if (this.stopping) return;
      if (await this.server.isAlive()) continue;
      this.hooks.say('does not answer any more; starting it again');
      const since = Date.now();
      try {
        await this.server.revive();
        failures = 0;
        this.hooks.say(`answers again after ${((Date.now() - since) / 1000).toFixed(1)} s; nothing that was saved is lost`);
      } catch (error) {
        failures += 1;
        const reason = error instanceof Error ? error.message : String(error);
        if (failures >= mostFailures) {
          this.hooks.gaveUp(reason);
          return;
        }
        this.hooks.say(`could not be started: ${reason}`);
        await this.pause(1000 * 2 ** failures);
      }
    }
  }

  /** Holds one connection open and asks over it; returns when it is lost. */
  private async untilLost(): Promise<void> {
    const client = new pg.Client({ connectionString: this.server.url('postgres'), connectionTimeoutMillis: 3000, query_timeout: 10_000 });
    let isLost = false;
    const lost = new Promise<void>((resolve) => {
      const end = () => {
        isLost = true;
        resolve();
      };
      client.on('error', end);
      client.on('end', end);
    });
    try {
      await client.connect();
      while (!this.stopping && !isLost) {
        await client.query('SELECT 1');
        await Promise.race([this.pause(pollMs), lost]);
      }
    } catch {
      await this.pause(200);
    } finally {
      await Promise.race([client.end().catch(() => undefined), sleep(1000)]);
    }
  }

  /** Waits, but not beyond `close()`. */
  private async pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      this.closed,
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      }),
    ]);
    clearTimeout(timer);
  }
}
