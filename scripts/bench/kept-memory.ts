import { spawnSync } from 'node:child_process';
import { parseEnv } from '#lib/env';
import type { Engine } from '#lib/ml/engine/engine';
import { engineEnvironment } from '../../workers/engine-settings';

/** Repetitions after which a process has all that it keeps. */
const settled = 50;

/** Runs this script again where the engine's environment is missing: some of it is read by the system when a process starts. */
export function requireEngineEnvironment(): void {
  const wanted = engineEnvironment(parseEnv(process.env).engine, process.env);
  if (process.env.GLIBC_TUNABLES === wanted.GLIBC_TUNABLES) return;
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, ...wanted },
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

/** Resident memory and number of tensors every 50 repetitions, against those of repetition 50. */
export class KeptMemory {
  private readonly rssMiB: Record<number, number> = {};
  private readonly tensors = new Set<number>();
  private readonly started = performance.now();

  constructor(private readonly engine: Engine) {}

  note(repetition: number): void {
    if (repetition % settled !== 0) return;
    this.tensors.add(this.engine.tensorCount());
    this.rssMiB[repetition] = Math.round(process.memoryUsage.rss() / 2 ** 20);
  }

  /** Prints one line of JSON and exits: with 1 where the number of tensors changed or the memory at the end is not within 5 %. */
  finish(facts: Readonly<Record<string, number>>): never {
    const first = this.rssMiB[settled] ?? Number.NaN;
    const growths = Object.values(this.rssMiB).map((value) => Number((value / first - 1).toFixed(4)));
    const growth = growths.at(-1) ?? Number.NaN;
    const kept = this.tensors.size === 1 && Math.abs(growth) <= 0.05;
    const seconds = Math.round((performance.now() - this.started) / 1000);
    const { rssMiB } = this;
    console.log(JSON.stringify({ ...facts, seconds, tensors: [...this.tensors], rssMiB, growth, mostGrowth: Math.max(...growths), kept }));
    process.exit(kept ? 0 : 1);
  }
}
