/**
 * The sandboxed processor: BullMQ runs this file's default export in a child process, one run at a time. A crash or an out-of-memory kill
 * takes the run, not the worker.
 */
import { createDeps, type ProcessDeps } from '#lib/deps';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { runPayload } from '#lib/queues/compute';
import { engineOptions } from './engine-settings';
import { carryOutRun } from './processors/carry-out-run';

let deps: ProcessDeps | undefined;
let engine: Promise<Engine> | undefined;

// A child whose worker is gone must not train on: nobody renews its claim. (Fencing holds even if this process is stuck and never hears of it.)
process.on('disconnect', () => process.exit(1));

export default async function runChild(job: { data: unknown }, _token: string, signal: AbortSignal): Promise<void> {
  const payload = runPayload.parse(job.data);
  deps ??= createDeps({ name: 'run' });
  const { config, logger } = deps;
  await carryOutRun(deps, payload, () => (engine ??= createEngine(engineOptions(config.engine, (line) => logger.warn(line)))), signal);
}
