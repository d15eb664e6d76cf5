/**
 * Twenty updates of supervised fine-tuning on a tiny seeded model, number by number: a mixture of two tasks, packed, in microbatches, with validation.
 * Whatever changes what the trainer computes changes this file. After a wanted change, or where none is there yet, make it anew and look at the
 * difference:
 *
 *   PLUMBLINE_WRITE_TRAJECTORIES=1 npx vitest run --project unit test/invariant/sft.test.ts
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { trainSft } from '#lib/ml/trainers/sft';
import { sftConfig } from '#lib/ml/trainers/sft-config';
import type { SftExample } from '#lib/ml/training/examples';
import { numberTokenizer } from '../unit/ml/trainers/tiny-model';
import { configs, randomTokens, randomWeights } from '../unit/ml/training/training-model';

const folder = new URL('trajectories/', import.meta.url);
const file = new URL('sft.json', folder);

/** Rounding differs between processors and libraries, and training carries it on. The TensorFlow and the WebAssembly library both stay within this. */
const tolerance = 1e-3;

const config = sftConfig.parse({
  seed: 11,
  steps: 20,
  batchSize: 6,
  microbatchSize: 3,
  packing: true,
  tasks: { answers: 2, texts: 1 },
  learningRate: 3e-3,
  schedule: { kind: 'cosine', warmup: 0.1, floor: 0.1 },
  weightDecay: 0.01,
  maxGradientNorm: 0.5,
  evaluateEvery: 5,
  samplePrompts: 0,
});

const data = Array.from({ length: 18 }, (_, index): SftExample => {
  const tokens = randomTokens(index, 6 + ((index * 7) % 17));
  const weights = index % 3 === 0 ? undefined : tokens.map((__, at) => (at < 4 ? 0 : 1));
  const text = { prefix: weights === undefined ? { tokens } : { tokens, weights } };
  return { exampleId: `e${index}`, split: index < 12 ? 'TRAIN' : 'VALIDATION', task: weights === undefined ? 'texts' : 'answers', text };
});

const rounded = (value: number) => Number(value.toPrecision(7));

it('goes the committed way', async () => {
  const engine = await createEngine({ backend: 'auto' });
  const model = createLanguageModel(engine, randomWeights(configs.llama, 3));
  const steps: Record<string, number>[] = [];
  for await (const { metrics } of trainSft({
    engine,
    model,
    tokenizer: numberTokenizer,
    data,
    config,
    signal: new AbortController().signal,
  })) {
    steps.push(Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, rounded(value)])));
  }
  const squares = [...model.parameters.values()].reduce((sum, one) => sum + one.values().reduce((all, value) => all + value * value, 0), 0);
  model.dispose();
  if (process.env.PLUMBLINE_WRITE_TRAJECTORIES) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${JSON.stringify({ steps, weightSquares: rounded(squares) }, null, 1)}\n`);
  }
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { steps: Record<string, number>[]; weightSquares: number };
  expect(kept.steps).toHaveLength(config.steps ?? Number.NaN);
  const far: string[] = [];
  for (const [index, expected] of kept.steps.entries()) {
    expect(Object.keys(steps[index] ?? {})).toEqual(Object.keys(expected));
    for (const [name, value] of Object.entries(expected)) {
      const found = steps[index]?.[name] ?? Number.NaN;
      if (!(Math.abs(found - value) <= tolerance * Math.max(1, Math.abs(value))))
        far.push(`step ${index + 1}: ${name} ${found}, not ${value}`);
    }
  }
  expect(far).toEqual([]);
  expect(squares).toBeCloseTo(kept.weightSquares, 2);
});
