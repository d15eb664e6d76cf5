/**
 * Whether training keeps its memory: many updates on packed texts of random length in one process, two microbatches each. Prints one line of
 * JSON; exits with 1 where the number of tensors changes after step 50 or the resident memory leaves 5 % of what it was then.
 *
 *   npm run bench:memory-train [-- steps]
 */
import { spawnSync } from 'node:child_process';
import { createRandom } from '#lib/domain/random';
import { parseEnv } from '#lib/env';
import { newModel } from '#lib/ml/models/new-model';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { createLanguageModelStep, languageModelStepConfig } from '#lib/ml/training/language-model-step';
import { packTexts } from '#lib/ml/training/packing';
import { layRows, type TokenRows } from '#lib/ml/training/token-rows';
import { engineEnvironment } from '../../workers/engine-settings';
import { benchEngine } from './bench-engine';
import { benchConfig, sizes } from './bench-model';

const wanted = engineEnvironment(parseEnv(process.env).engine, process.env);
if (process.env.GLIBC_TUNABLES !== wanted.GLIBC_TUNABLES) {
  // read by the system when a process starts
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, ...wanted },
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

const steps = Number(process.argv[2] ?? 500);
const settled = 50;
const { batch, time } = sizes.A;
const config = benchConfig('A');
const random = createRandom(1, 'memory-train');

/** Half of the rows of a batch, filled with texts of 8 to 128 tokens, of which the second half is learnt. */
function microbatch(): TokenRows {
  const texts = Array.from({ length: batch }, () => {
    const length = 8 + random.integer(time - 7);
    const tokens = Array.from({ length }, (_, index) => (index === 0 ? 1 : random.integer(config.vocabSize)));
    return { prefix: { tokens, weights: tokens.map((_, index) => (index > length / 2 ? 1 : 0)) } };
  });
  const packed = packTexts(texts, time).map((row) => row.flatMap((index) => texts[index] ?? []));
  const rows = Array.from({ length: batch / 2 }, (_, row) => packed[row] ?? []);
  return layRows(rows, { padId: 0, contextLength: config.contextLength, time });
}

const engine = await benchEngine();
const model = createLanguageModel(engine, newModel(config, 1));
const step = createLanguageModelStep({
  engine,
  model,
  config: languageModelStepConfig.parse({ learningRate: 1e-3, totalSteps: steps }),
});
const rssMiB: Record<number, number> = {};
const tensors = new Set<number>();
const started = performance.now();
let loss = Number.NaN;
for (let done = 1; done <= steps; done += 1) {
  loss = step.step([microbatch(), microbatch()]).loss;
  if (done % settled === 0) {
    rssMiB[done] = Math.round(process.memoryUsage().rss / 2 ** 20);
    tensors.add(engine.tensorCount());
  }
}
const growth = (rssMiB[steps] ?? Number.NaN) / (rssMiB[settled] ?? Number.NaN) - 1;
const msPerStep = Math.round((performance.now() - started) / steps);
const kept = tensors.size === 1 && Math.abs(growth) <= 0.05;
console.log(JSON.stringify({ steps, msPerStep, loss, tensors: [...tensors], rssMiB, growth, kept }));
process.exit(kept ? 0 : 1);
