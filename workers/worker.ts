import { parseArgs } from 'node:util';
import { createDeps } from '#lib/deps';
import { processEnvironment } from '#lib/env';
import { AppError } from '#lib/errors';
import { startWorker, type WorkerQueue, workerQueues } from './start-worker';

/** Entry of a worker process: `--queues general,chat,compute-cpu`. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { queues: { type: 'string', default: 'general,chat,compute-cpu' } } });
  const queues = parseQueues(values.queues);
  const deps = createDeps({ name: 'worker' });
  const worker = await startWorker({ deps, queues, settings: deps.queueSettings, environment: processEnvironment() });
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await worker.close();
    await deps.close();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
}

export function parseQueues(text: string): WorkerQueue[] {
  return text.split(',').map((name) => {
    const known = workerQueues.find((queue) => queue === name.trim());
    if (known) return known;
    throw new AppError('BAD_INPUT', `There is no queue "${name.trim()}".`, { remedy: `Choose from ${workerQueues.join(', ')}.` });
  });
}

await main();
