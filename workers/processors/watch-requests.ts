import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import type { Claim } from '#lib/services/runs/fenced-write';
import { readRequests } from '#lib/services/runs/read-requests';
import { repeat } from '../repeat';

export type Stop = 'cancel' | 'pause' | 'fenced' | 'shutdown';

export interface Requests {
  /** Aborts at the first request to stop. */
  readonly signal: AbortSignal;
  stop(): Stop | null;
  close(): Promise<void>;
}

const lookEvery = 1_000;
const messages: Readonly<Record<Stop, string>> = {
  cancel: 'The run was cancelled.',
  pause: 'The run was paused.',
  fenced: 'Another process owns the run now.',
  shutdown: 'This worker is being stopped.',
};

/** Looks once a second at what people asked of the run, while its trainer works. */
export function watchRequests(deps: Pick<Deps, 'db' | 'logger'>, claim: Claim, shutdown: AbortSignal): Requests {
  const controller = new AbortController();
  let stop: Stop | null = null;
  const ask = (why: Stop) => {
    if (stop) return;
    stop = why;
    controller.abort(new AppError(why === 'fenced' ? 'FENCED' : 'CANCELLED', messages[why]));
  };
  const onShutdown = () => ask('shutdown');
  if (shutdown.aborted) onShutdown();
  shutdown.addEventListener('abort', onShutdown, { once: true });
  const looking = repeat(lookEvery, async () => {
    try {
      const request = await readRequests(deps, claim);
      if (request) ask(request);
    } catch (error) {
      deps.logger.warn({ err: error }, 'requests to the run could not be read; it goes on');
    }
  });
  return {
    signal: controller.signal,
    stop: () => stop,
    close: async () => {
      shutdown.removeEventListener('abort', onShutdown);
      await looking.stop();
    },
  };
}
