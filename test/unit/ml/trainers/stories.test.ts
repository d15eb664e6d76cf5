import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { trainingPresets } from '#lib/domain/training-presets';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { convertLlama2c } from '#lib/ml/models/convert-llama2c';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { trainPpo } from '#lib/ml/trainers/ppo';
import { ppoConfig } from '#lib/ml/trainers/ppo-config';
import type { StepMetrics } from '#lib/ml/trainers/trainer';
import { referenceModel } from '#lib/ml/training/reference';

const folder = process.env.PLUMBLINE_TEST_DATA;

describe.skipIf(folder === undefined)('trainPpo on a real model of 260,000 parameters (PLUMBLINE_TEST_DATA)', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'auto' });
  }, 60_000);

  it('starts at ratio 1 and divergence 0 and raises a rule reward within a few steps', async () => {
    const read = (name: string) => readFileSync(join(folder as string, 'stories260k', name));
    const files = convertLlama2c({
      weights: read('stories260K.bin'),
      tokenizer: read('tok512.bin'),
      weightsSource: 'stories260K.bin',
      tokenizerSource: 'tok512.bin',
    });
    const tokenizer = loadTokenizer(files.tokenizerJson, 'tokenizer.json', files.config);
    const texts = ['Once upon a time', 'One day, a girl went to the park.', 'Tim had a red ball.', 'The dog was very happy.'];
    const before = engine.tensorCount();
    const policy = createLanguageModel(engine, files);
    const reference = createLanguageModel(engine, files);
    const held = referenceModel(reference);
    const value = createScalarModel(engine, files, { headSeed: 1 });
    // Rule: a third of a point for each short common word.
    const plain = (text: string) => (text.match(/\b(he|she|they|it|and|was|to|the)\b/g)?.length ?? 0) / 3 - 1;
    const training = trainPpo({
      engine,
      policy,
      reference: held,
      startsAtReference: true,
      value,
      reward: (episodes) => ({ total: episodes.map(({ response }) => plain(tokenizer.decode(response))) }),
      prompts: texts.map((text, index) => ({ promptId: `p${index}`, tokens: tokenizer.encode(text, { bos: true }) })),
      tokenizer,
      config: ppoConfig.parse({
        ...trainingPresets.small.policy,
        seed: 1,
        // Eight steps at a constant rate: over seeds the score rises by 0.6 to 1.4.
        steps: 8,
        schedule: { kind: 'constant' },
        rolloutBatchSize: 48,
        minibatchSize: 16,
        maxNewTokens: 16,
        policyLearningRate: 1e-3,
        valueLearningRate: 3e-3,
        klCoefficient: 0.01,
        targetInnerKl: null,
        samplePrompts: 2,
      }),
      signal: new AbortController().signal,
    });
    const rows: StepMetrics[] = [];
    for await (const row of training) rows.push(row);
    const steps = rows.slice(1).map((row) => row.metrics);
    expect(Math.abs(steps[0]!['policy/kl']!)).toBeLessThan(1e-3);
    for (const metrics of steps) expect(metrics['policy/firstLogRatio']).toBeLessThan(1e-3);
    // The entropy of a text model, far from the ln 512 = 6.2 of noise.
    expect(steps[0]!['policy/entropy']).toBeGreaterThan(0.3);
    expect(steps[0]!['policy/entropy']).toBeLessThan(2);
    expect(steps.at(-1)!['reward/score']).toBeGreaterThan(steps[0]!['reward/score']! + 0.3);
    expect(rows[0]!.samples![0]!.text).toMatch(/[a-z]{3}/);
    for (const model of [held, policy, reference, value]) model.dispose();
    expect(engine.tensorCount()).toBe(before);
  }, 180_000);
});
