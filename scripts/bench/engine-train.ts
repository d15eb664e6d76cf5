/**
 * Our side of the training benchmark: the product's training step (loss of every next token, gradient, clipping, AdamW) on random weights.
 *
 *   tsx scripts/bench/engine-train.ts A|S [steps]
 */

import { newModel } from '#lib/ml/models/new-model';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { benchEngine, cpuMs } from './bench-engine';
import { benchConfig, type Measured, median, type Size, sizes } from './bench-model';

const warmUp = 2;
const size: Size = process.argv[2] === 'S' ? 'S' : 'A';
const steps = Number(process.argv[3] ?? 10);
const { batch, time, vocabulary } = sizes[size];

const engine = await benchEngine();
const model = createLanguageModel(engine, newModel(benchConfig(size), 1));
const state = engine.adamState(model.parameters);
const tokens = Int32Array.from({ length: batch * time }, (_, index) => (index * 7919 + (index >> 3) * 31) % vocabulary);
// Every position but the last of a row predicts the next token: those are what is counted.
const positions = Int32Array.from(
  { length: batch * (time - 1) },
  (_, index) => Math.floor(index / (time - 1)) * time + (index % (time - 1)),
);
const config = { learningRate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

const seconds: number[] = [];
let loss = Number.NaN;
let cpu = cpuMs();
for (let step = 0; step < steps + warmUp; step += 1) {
  if (step === warmUp) cpu = cpuMs();
  const since = performance.now();
  const result = engine.gradients(
    model.parameters,
    () => ({ loss: engine.neg(engine.mean(model.logProbs(tokens, batch, time, positions, 1))) }),
    { recorded: true },
  );
  const { clipped } = engine.clipByGlobalNorm(result.gradients, 1);
  engine.adam(model.parameters, clipped, state, config);
  loss = result.loss;
  if (step >= warmUp) seconds.push((performance.now() - since) / 1000);
}
const measured: Measured & { loss: number } = {
  best: positions.length / Math.min(...seconds),
  median: positions.length / median(seconds),
  cpuMs: (cpuMs() - cpu) / steps,
  loss,
};
console.log(JSON.stringify(measured));
process.exit(0);
