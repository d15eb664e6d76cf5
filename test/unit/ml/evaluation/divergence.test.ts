import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { policyDivergence } from '#lib/ml/evaluation/divergence';
import { createRewardScorer } from '#lib/ml/evaluation/reward-scorer';
import { generate } from '#lib/ml/generation/generate';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import { tinyFiles } from '../trainers/tiny-model';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ backend: 'auto' });
}, 60_000);

describe('policyDivergence', () => {
  it('agrees with the exact divergence of one-token answers and is 0 to itself', async () => {
    const before = engine.tensorCount();
    const policy = createLanguageModel(engine, tinyFiles(1));
    const reference = createLanguageModel(engine, tinyFiles(2));
    const temperature = 0.7;
    const rows: { prompt: number[]; response: number[] }[] = [];
    for await (const answer of generate({
      engine,
      model: policy,
      prompts: [[1, 4]],
      promptKeys: ['only'],
      samplesPerPrompt: 400,
      maxNewTokens: 1,
      temperature,
      seed: 3,
      batchSize: 200,
      stopIds: [],
    })) {
      rows.push({ prompt: [1, 4], response: answer.tokenIds });
    }
    const distribution = (model: typeof policy): number[] => {
      const logits = engine.tidy(() =>
        engine.logSoftmax(engine.mul(model.logits(Int32Array.from([1, 4]), 1, 2, Int32Array.from([1])), 1 / temperature)),
      );
      const values = Array.from(engine.read(logits));
      engine.dispose(logits);
      return values;
    };
    const ours = distribution(policy);
    const theirs = distribution(reference);
    const exact = ours.reduce((sum, logProb, token) => sum + Math.exp(logProb) * (logProb - theirs[token]!), 0);
    const measured = policyDivergence({ engine, policy, reference, rows, temperature, batchSize: 150 });
    if (!measured.kl.defined) throw new Error('undefined');
    // Twice the 95 % interval: a seeded test, but not tuned to its seed.
    const half = measured.kl.high - measured.kl.value;
    expect(half).toBeGreaterThan(0);
    expect(Math.abs(measured.kl.value - exact)).toBeLessThan(2 * half);
    expect(exact).toBeGreaterThan(0.05);
    expect(measured.perAnswer[0]).toBeCloseTo(ours[rows[0]!.response[0]!]! - theirs[rows[0]!.response[0]!]!, 4);
    expect(policyDivergence({ engine, policy, reference: policy, rows, temperature }).kl).toMatchObject({ value: 0, n: 400 });
    policy.dispose();
    reference.dispose();
    expect(engine.tensorCount()).toBe(before);
  });
});

describe('createRewardScorer', () => {
  it('scores the last token, whatever the batch, and normalises', () => {
    const model = createScalarModel(engine, tinyFiles(4), { headSeed: 1 });
    const random = createRandom(1);
    const rows = Array.from({ length: 9 }, (_, index) => ({
      prompt: [1, 3],
      response: Array.from({ length: 1 + index }, () => 3 + random.integer(9)),
    }));
    const raw = createRewardScorer({ engine, model, normalisation: { mean: 0, std: 1 }, batchSize: 9 })(rows);
    const apart = createRewardScorer({ engine, model, normalisation: { mean: 2, std: 4 }, batchSize: 2 })(rows);
    for (const [index, score] of raw.entries()) expect(apart[index]).toBeCloseTo((score - 2) / 4, 4);
    expect(new Set(raw.map((score) => score.toFixed(4))).size).toBe(9);
    model.dispose();
  });
});
