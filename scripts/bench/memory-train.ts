/**
 * Whether training keeps its memory: many updates on packed texts of random length in one process, two microbatches each. Prints one line of
 * JSON; exits with 1 where the number of tensors changes after step 50 or the resident memory at the end is not within 5 %
 * of what it was then.
 *
 *   npm run bench:memory-train [-- steps]
 */
import { createRandom } from '#lib/domain/random';
import { newModel } from '#lib/ml/models/new-model';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { createLanguageModelStep, languageModelStepConfig } from '#lib/ml/training/language-model-step';
import { packTexts } from '#lib/ml/training/packing';
import { layRows, type TokenRows } from '#lib/ml/training/token-rows';
import { benchEngine } from './bench-engine';
import { benchConfig, sizes } from './bench-model';
import { KeptMemory, requireEngineEnvironment } from './kept-memory';

requireEngineEnvironment();

const steps = Number(process.argv[2] ?? 500);
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
const memory = new KeptMemory(engine);
let loss = Number.NaN;
for (let done = 1; done <= steps; done += 1) {
  loss = step.step([microbatch(), microbatch()]).loss;
  memory.note(done);
}
memory.finish({ steps, loss });
