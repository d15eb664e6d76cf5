/**
 * Twenty steps of PPO on a tiny seeded model, number by number: whatever changes what the trainer computes changes this file. After a wanted change, or
 * where none is there yet, make it anew and look at the difference:
 *
 *   PLUMBLINE_WRITE_TRAJECTORIES=1 npx vitest run --project unit test/invariant/ppo.test.ts
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import { ppoConfig } from '#lib/ml/trainers/ppo-config';
import type { SftExample } from '#lib/ml/training/examples';
import { drive, models } from '../unit/ml/trainers/ppo-world';

const folder = new URL('trajectories/', import.meta.url);
const file = new URL('ppo.json', folder);

/** Rounding differs between processors and libraries, and training carries it on. The TensorFlow and the WebAssembly library both stay within this. */
const tolerance = 1e-3;

const config = ppoConfig.parse({
  seed: 11,
  steps: 20,
  rolloutBatchSize: 16,
  minibatchSize: 8,
  microbatchSize: 4,
  innerEpochs: 2,
  maxNewTokens: 5,
  temperature: 0.9,
  policyLearningRate: 3e-3,
  valueLearningRate: 5e-3,
  klCoefficient: 0.1,
  adaptiveKl: { target: 0.2, horizon: 100 },
  dualClip: 3,
  entropyCoefficient: 0.01,
  missingEos: { kind: 'subtract', penalty: 0.2 },
  minimumLength: { tokens: 2, score: -0.5 },
  ptx: { coefficient: 0.05, batchSize: 2 },
  emaDecay: 0.9,
  targetInnerKl: 0.05,
  samplePrompts: 0,
  checkpointEvery: 100,
});

const pretraining: SftExample[] = [3, 5, 8].map((token) => ({
  exampleId: `e${token}`,
  split: 'TRAIN',
  task: 'text',
  text: { prefix: { tokens: [1, token, 7, 4, 2] } },
}));

const rounded = (value: number) => Number(value.toPrecision(7));

it('goes the committed way', async () => {
  const engine = await createEngine({ backend: 'auto' });
  const used = models(engine);
  const { result, rows } = await drive(engine, used, config, { pretraining, startsAtReference: true });
  used.dispose();
  const averaged = Object.values(result?.averaged ?? {}).reduce(
    (sum, { data }) => sum + (data as Float32Array).reduce((all, value) => all + value * value, 0),
    0,
  );
  const steps = rows.map(({ metrics }) =>
    Object.fromEntries(
      Object.entries(metrics)
        .filter(([name]) => !name.startsWith('time/'))
        .map(([name, value]) => [name, rounded(value)]),
    ),
  );
  if (process.env.PLUMBLINE_WRITE_TRAJECTORIES) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${JSON.stringify({ steps, averagedSquares: rounded(averaged) }, null, 1)}\n`);
  }
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { steps: Record<string, number>[]; averagedSquares: number };
  expect(kept.steps).toHaveLength(config.steps);
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
  expect(averaged).toBeCloseTo(kept.averagedSquares, 2);
});
