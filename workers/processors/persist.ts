import { setTimeout as sleep } from 'node:timers/promises';
import { toAppError } from '#lib/db/create-db';
import type { Deps } from '#lib/services/deps';

const pause = 1_000;

/**
 * Writes something of a run, and waits where the database is away: a restart of the database costs a run nothing. Gives up after the time
 * after which the run would be taken from this worker anyway. Only for writes that may be repeated.
 */
export async function persist<T>(deps: Pick<Deps, 'config' | 'logger'>, signal: AbortSignal, write: () => Promise<T>): Promise<T> {
  const until = Date.now() + 4 * deps.config.staleSeconds * 1000;
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (toAppError(error).code !== 'UNAVAILABLE' || signal.aborted || Date.now() > until) throw error;
      deps.logger.warn({ err: error }, 'the database is away; the run waits for it');
      await sleep(pause);
    }
  }
}
