import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { bestOfNEstimate, bestOfNKlBound, bestOfNWinRateBound } from '#lib/ml/generation/best-of-n-statistics';
import { rejectionSample } from '#lib/ml/generation/rejection-sampling';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { tinyFiles } from '../trainers/tiny-model';

describe('best-of-n', () => {
  it.each([
    [1, 0],
    [2, 0.193147],
    [4, 0.636294],
    [8, 1.204442],
    [16, 1.835089],
    [64, 3.174508],
    [256, 4.549084],
    [1024, 5.932448],
  ])('is within a KL of log n - (n - 1) / n, n = %d', (n, kl) => {
    expect(bestOfNKlBound(n)).toBeCloseTo(kl, 6);
    expect(bestOfNWinRateBound(n)).toBeCloseTo(n / (n + 1), 12);
  });

  it('is estimated as the mean over all subsets, ties of the proxy by chance', () => {
    const random = createRandom(1, 'subsets');
    for (const spread of [100, 3]) {
      const samples = Array.from({ length: 6 }, () => ({ proxy: random.integer(spread), gold: random.normal() }));
      for (const n of [1, 2, 3, 6]) expect(bestOfNEstimate(samples, n)).toBeCloseTo(overSubsets(samples, n), 10);
    }
    const samples = [3, 1, 2].map((proxy) => ({ proxy, gold: 10 * proxy }));
    expect(bestOfNEstimate(samples, 1)).toBeCloseTo(20, 12);
    expect(bestOfNEstimate(samples, 3)).toBe(30);
    // 2 of 3 pairs hold the best one, 1 has the middle one as best: C(i - 1, 1) / C(3, 2)
    expect(bestOfNEstimate(samples, 2)).toBeCloseTo((2 * 30 + 20) / 3, 12);
  });

  it('refuses what cannot be estimated', () => {
    expect(() => bestOfNEstimate([{ proxy: 1, gold: 1 }], 2)).toThrow(/Best-of-2/);
    expect(() => bestOfNEstimate([{ proxy: Number.NaN, gold: 1 }], 1)).toThrow(/Sample 1/);
  });
});

/** Every subset of n; where several of it are best by proxy, each of them in its share. */
function overSubsets(samples: readonly { proxy: number; gold: number }[], n: number): number {
  let total = 0;
  let subsets = 0;
  for (let bits = 0; bits < 2 ** samples.length; bits += 1) {
    const subset = samples.filter((_, index) => bits & (1 << index));
    if (subset.length !== n) continue;
    const top = Math.max(...subset.map(({ proxy }) => proxy));
    const best = subset.filter(({ proxy }) => proxy === top);
    total += best.reduce((sum, { gold }) => sum + gold, 0) / best.length;
    subsets += 1;
  }
  return total / subsets;
}

describe('rejection sampling', () => {
  let engine: Engine;
  let model: LanguageModel;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'auto' });
    model = createLanguageModel(engine, tinyFiles(1));
  }, 60_000);

  const prompts = [
    [1, 4],
    [1, 5, 6],
  ];
  const accept = async (change: Partial<Parameters<typeof rejectionSample>[0]>) => {
    const examples = [];
    for await (const example of rejectionSample({
      engine,
      model,
      prompts,
      promptKeys: ['first', 'second'],
      samplesPerPrompt: 8,
      maxNewTokens: 6,
      temperature: 1,
      seed: 3,
      batchSize: 16,
      stopIds: [2],
      score: (answers) => answers.map(({ tokenIds }) => tokenIds.filter((token) => token === 7).length - tokenIds.length / 10),
      ...change,
    })) {
      examples.push(example);
    }
    return examples;
  };

  it('keeps the best finished answers, each once, as examples that learn the answer only', async () => {
    const examples = await accept({ keep: 3 });
    expect(examples.length).toBeGreaterThan(3);
    for (const { exampleId, promptKey, split, task, text } of examples) {
      expect(exampleId).toMatch(/^(first|second)\/[012]$/);
      expect({ split, task }).toEqual({ split: 'TRAIN', task: 'rejection-sampling' });
      expect(text.prefix.tokens).toBe(prompts[promptKey === 'first' ? 0 : 1]);
      expect(text.prefix.weights).toEqual(text.prefix.tokens.map(() => 0));
      expect(text.branches).toHaveLength(1);
      expect(text.branches![0]!.tokens.at(-1)).toBe(2);
      expect(text.branches![0]!.weights).toBeUndefined();
    }
    const first = examples.filter(({ promptKey }) => promptKey === 'first');
    const scores = first.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(new Set(first.map(({ text }) => text.branches![0]!.tokens.join())).size).toBe(first.length);
    const [best] = await accept({});
    expect(best).toEqual(first[0]);
  });

  it('leaves out what is not good enough; unfinished answers only where asked for', async () => {
    const floor = (await accept({})).map(({ score }) => score).toSorted((a, b) => b - a)[0]!;
    const some = await accept({ keep: 8, minimumScore: floor });
    expect(some.length).toBeGreaterThan(0);
    for (const { score } of some) expect(score).toBeGreaterThanOrEqual(floor);
    expect(await accept({ keep: 8, minimumScore: 100 })).toEqual([]);
    const all = await accept({ keep: 8, unfinished: true });
    expect(all.some(({ text }) => text.branches![0]!.tokens.at(-1) !== 2)).toBe(true);
    await expect(accept({ keep: 9 })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});
