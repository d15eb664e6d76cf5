/**
 * Whether generation keeps its memory: many calls of `generate` in one process, each with other prompts, answers and filters. Prints one
 * line of JSON; exits with 1 where the number of tensors changes after call 50 or the resident memory at the end is not within 5 %
 * of what it was then.
 *
 *   npm run bench:memory-generate [-- calls]
 */
import { createRandom } from '#lib/domain/random';
import { generate } from '#lib/ml/generation/generate';
import { newModel } from '#lib/ml/models/new-model';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { benchEngine } from './bench-engine';
import { benchConfig } from './bench-model';
import { KeptMemory, requireEngineEnvironment } from './kept-memory';

requireEngineEnvironment();

const calls = Number(process.argv[2] ?? 500);
const config = benchConfig('A');
const random = createRandom(1, 'memory-generate');

const engine = await benchEngine();
const model = createLanguageModel(engine, newModel(config, 1));
const memory = new KeptMemory(engine);
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
  memory.note(call);
}
memory.finish({ calls, tokens });
