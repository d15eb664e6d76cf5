/**
 * Whether generation keeps its memory: many calls of `generate` in one process, each with other prompts, answers and filters. Prints one
 * line of JSON; exits with 1 where the number of tensors changes after call 50 or the resident memory leaves 5 % of what it was then.
 *
 *   npm run bench:memory-generate [-- calls]
 */
import { spawnSync } from 'node:child_process';
import { createRandom } from '#lib/domain/random';
import { parseEnv } from '#lib/env';
import { generate } from '#lib/ml/generation/generate';
import { newModel } from '#lib/ml/models/new-model';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { engineEnvironment } from '../../workers/engine-settings';
import { benchEngine } from './bench-engine';
import { benchConfig } from './bench-model';

const wanted = engineEnvironment(parseEnv(process.env).engine, process.env);
if (process.env.GLIBC_TUNABLES !== wanted.GLIBC_TUNABLES) {
  // read by the system when a process starts
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, ...wanted },
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

const calls = Number(process.argv[2] ?? 500);
const settled = 50;
const config = benchConfig('A');
const random = createRandom(1, 'memory-generate');

const engine = await benchEngine();
const model = createLanguageModel(engine, newModel(config, 1));
const rssMiB: Record<number, number> = {};
const tensors = new Set<number>();
const started = performance.now();
let tokens = 0;
for (let call = 1; call <= calls; call += 1) {
  const prompts = Array.from({ length: 1 + random.integer(6) }, () =>
    Array.from({ length: 1 + random.integer(80) }, () => random.integer(config.vocabSize)),
  );
  const answers = generate({
    engine,
    model,
    prompts,
    promptKeys: prompts.map((_, index) => index),
    samplesPerPrompt: 2,
    maxNewTokens: prompts.map(() => 1 + random.integer(40)),
    temperature: call % 3 === 0 ? 0 : 1,
    filters: call % 2 === 0 ? { topK: 50, topP: 0.95 } : {},
    seed: call,
    batchSize: 8,
    stopIds: [],
  });
  for await (const answer of answers) tokens += answer.tokenIds.length;
  if (call % settled === 0) {
    tensors.add(engine.tensorCount());
    rssMiB[call] = Math.round(process.memoryUsage.rss() / 2 ** 20);
  }
}
const first = rssMiB[settled] ?? Number.NaN;
const growth = Math.max(...Object.values(rssMiB).map((value) => Math.abs(value / first - 1)));
const kept = tensors.size === 1 && growth <= 0.05;
const seconds = (performance.now() - started) / 1000;
console.log(
  JSON.stringify({ calls, tokens, tensors: [...tensors], rssMiB, growth: Number(growth.toFixed(4)), seconds: Math.round(seconds), kept }),
);
process.exit(kept ? 0 : 1);
