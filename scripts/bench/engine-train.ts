/**
 * Our side of the training benchmark: the product's training step (loss of every next token, gradient, clipping, AdamW) on random weights.
 *
 *   tsx scripts/bench/engine-train.ts A|S [steps]
 */
import { newModel } from '#lib/ml/models/new-model';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { createLanguageModelStep, languageModelStepConfig } from '#lib/ml/training/language-model-step';
import { layRows } from '#lib/ml/training/token-rows';
import { benchEngine, cpuMs } from './bench-engine';
import { benchConfig, type Measured, median, type Size, sizes } from './bench-model';

const warmUp = 2;
const size: Size = process.argv[2] === 'S' ? 'S' : 'A';
const steps = Number(process.argv[3] ?? 10);
const { batch, time, vocabulary } = sizes[size];

const engine = await benchEngine();
const config = benchConfig(size);
const model = createLanguageModel(engine, newModel(config, 1));
const training = createLanguageModelStep({
  engine,
  model,
  config: languageModelStepConfig.parse({ learningRate: 1e-4, totalSteps: steps + warmUp }),
});
// The tokens of train.py. All pass through the model; every one but the first of a row is predicted.
const texts = Array.from({ length: batch }, (_, row) =>
  Array.from({ length: time }, (_, at) => row * time + at).map((index) => (index * 7919 + (index >> 3) * 31) % vocabulary),
);
const rows = layRows(
  texts.map((tokens) => [{ prefix: { tokens } }]),
  { padId: 0, contextLength: config.contextLength },
);

const seconds: number[] = [];
let loss = Number.NaN;
let cpu = cpuMs();
for (let step = 0; step < steps + warmUp; step += 1) {
  if (step === warmUp) cpu = cpuMs();
  const since = performance.now();
  loss = training.step([rows]).loss;
  if (step >= warmUp) seconds.push((performance.now() - since) / 1000);
}
const measured: Measured & { loss: number } = {
  best: (batch * time) / Math.min(...seconds),
  median: (batch * time) / median(seconds),
  cpuMs: (cpuMs() - cpu) / steps,
  loss,
};
console.log(JSON.stringify(measured));
process.exit(0);
