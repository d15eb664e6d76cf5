/**
 * Our side of the generation benchmark: the product's `generate`, with the log-probability of every token.
 *
 *   tsx scripts/bench/engine-generate.ts BATCH [new tokens] [prompt tokens] [greedy|sample]
 */
import { createRandom } from '#lib/domain/random';
import { generate } from '#lib/ml/generation/generate';
import { newModel } from '#lib/ml/models/new-model';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { benchEngine, cpuMs } from './bench-engine';
import { benchConfig, type Measured, median } from './bench-model';

const repetitions = 2;
const [batch = 1, newTokens = 96, promptTokens = 32] = process.argv.slice(2, 5).map(Number);
const temperature = process.argv[5] === 'sample' ? 1 : 0;

const engine = await benchEngine();
const config = benchConfig('S');
const model = createLanguageModel(engine, newModel(config, 1));
const random = createRandom(1, 'bench-prompts');
const prompts = Array.from({ length: batch }, () => Array.from({ length: promptTokens }, () => 3 + random.integer(config.vocabSize - 3)));

async function run(seed: number): Promise<number> {
  const since = performance.now();
  let tokens = 0;
  const answers = generate({
    engine,
    model,
    prompts,
    promptKeys: prompts.map((_, index) => index),
    samplesPerPrompt: 1,
    maxNewTokens: newTokens,
    temperature,
    seed,
    batchSize: batch,
    stopIds: [],
  });
  for await (const answer of answers) tokens += answer.tokenIds.length;
  if (tokens !== batch * newTokens) throw new Error(`${tokens} tokens were generated instead of ${batch * newTokens}`);
  return (performance.now() - since) / 1000;
}

await run(0);
const cpu = cpuMs();
const seconds: number[] = [];
for (let repetition = 1; repetition <= repetitions; repetition += 1) seconds.push(await run(repetition));
const tokens = batch * newTokens;
const measured: Measured = {
  best: tokens / Math.min(...seconds),
  median: tokens / median(seconds),
  cpuMs: (cpuMs() - cpu) / repetitions / newTokens,
};
console.log(JSON.stringify(measured));
process.exit(0);
