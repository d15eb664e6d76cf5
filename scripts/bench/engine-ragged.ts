/**
 * Our side of the ragged benchmark: the product's `generate` on the prompts of a file, every sample ended where the file says.
 *
 *   tsx scripts/bench/engine-ragged.ts LOAD.json ROWS
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { generate } from '#lib/ml/generation/generate';
import { newModel } from '#lib/ml/models/new-model';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { benchEngine, cpuMs } from './bench-engine';
import { benchConfig, type Measured } from './bench-model';

const integers = z.array(z.array(z.number().int()));
const load = z.object({ prompts: integers, limits: integers }).parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
const batchSize = Number(process.argv[3] ?? 64);

const engine = await benchEngine();
const model = createLanguageModel(engine, newModel(benchConfig('S'), 1));

async function run(seed: number, prompts: number): Promise<number> {
  let tokens = 0;
  const answers = generate({
    engine,
    model,
    prompts: load.prompts.slice(0, prompts),
    promptKeys: load.prompts.slice(0, prompts).map((_, index) => index),
    samplesPerPrompt: load.limits[0]?.length ?? 1,
    maxNewTokens: Math.max(...load.limits.flat()),
    limits: load.limits,
    temperature: 1,
    seed,
    batchSize,
    stopIds: [],
  });
  for await (const answer of answers) tokens += answer.tokenIds.length;
  return tokens;
}

// A quarter of the load warms up: graphs of the shapes that come are recorded, as they are in a process that goes on.
await run(0, Math.ceil(load.prompts.length / 4));
const cpu = cpuMs();
const since = performance.now();
const tokens = await run(1, load.prompts.length);
const wanted = load.limits.flat().reduce((sum, limit) => sum + limit, 0);
if (tokens !== wanted) throw new Error(`${tokens} tokens were generated instead of ${wanted}`);
const rate = (tokens * 1000) / (performance.now() - since);
const measured: Measured = { best: rate, median: rate, cpuMs: (cpuMs() - cpu) / tokens };
console.log(JSON.stringify(measured));
process.exit(0);
