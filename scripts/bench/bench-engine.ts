import { parseEnv } from '#lib/env';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { engineOptions } from '../../workers/engine-settings';

/** The native engine of a process that scripts/bench/engine.ts started with the engine's environment. */
export function benchEngine(): Promise<Engine> {
  return createEngine(engineOptions({ ...parseEnv(process.env).engine, backend: 'native' }, (line) => console.error(line)));
}

/** Processor time of all threads of this process, milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
