import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#lib/errors';

const deadlineMs = 120_000;

/** Address under which this machine reaches a server that listens on `host`. */
export function localAddress(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' || host === '' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** Asks the readiness page until it says yes. @throws AppError UNAVAILABLE after two minutes, CANCELLED where `signal` fires */
export async function waitUntilReady(address: string, logFile: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  let last = 'no answer';
  while (Date.now() < deadline) {
    if (signal.aborted) throw new AppError('CANCELLED', 'Stopped while starting.');
    try {
      const answer = await fetch(`${address}/health/ready`, { signal: AbortSignal.timeout(5000) });
      if (answer.ok) return;
      last = `${answer.status} ${(await answer.text()).slice(0, 200)}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(150);
  }
  throw new AppError('UNAVAILABLE', `The web pages did not become ready in ${deadlineMs / 1000} s (${last}).`, {
    remedy: `Look into ${logFile}.`,
  });
}
