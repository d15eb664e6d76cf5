import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { type GeneratedAnswer, type GenerateOptions, generate } from '#lib/ml/generation/generate';
import { rowKey, uniformAt } from '#lib/ml/generation/keyed-noise';
import type { Prediction } from '#lib/ml/generation/prediction';
import { sampleToken } from '#lib/ml/generation/sample-token';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { goldenCases, readStories, storiesFolder, storiesModel } from '../../../support/stories260k';
import { tinyLlama } from '../../../support/tiny-llama';

Object.assign(process.env, nativeEnvironment(2));

const prompts = [[1], [1, 270, 9, 265], [1, 33, 44]];
const promptKeys = ['a', 'b', 'c'];

async function collect(options: GenerateOptions): Promise<GeneratedAnswer[]> {
  const answers: GeneratedAnswer[] = [];
  for await (const answer of generate(options)) answers.push(answer);
  return answers;
}

describe('keyed noise', () => {
  test('is uniform and depends on every part of the key', () => {
    const draws = Array.from({ length: 20_000 }, (_, position) => uniformAt(rowKey(3, 'prompt', 1), position));
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length;
    // standard errors: 0.002 and 0.0005
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.003);
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThan(1);
    const lagged = draws.slice(1).reduce((sum, value, index) => sum + (value - 0.5) * (draws[index]! - 0.5), 0) / draws.length / variance;
    expect(Math.abs(lagged)).toBeLessThan(0.03);
    const others = [rowKey(4, 'prompt', 1), rowKey(3, 'prompu', 1), rowKey(3, 'prompt', 2), rowKey(3.5, 'prompt', 1), rowKey(3, 7, 1)];
    expect(new Set([draws[5], ...others.map((key) => uniformAt(key, 5))]).size).toBe(6);
    expect(uniformAt(rowKey(3, 'prompt', 1), 5)).toBe(draws[5]);
    // neighbouring samples are not shifted copies of each other
    const neighbour = Array.from({ length: 20_000 }, (_, position) => uniformAt(rowKey(3, 'prompt', 2), position));
    const across = neighbour.reduce((sum, value, index) => sum + (value - 0.5) * (draws[index]! - 0.5), 0) / draws.length / variance;
    expect(Math.abs(across)).toBeLessThan(0.03);
  });
});

describe('sampling a token', () => {
  /** Two rows of four tokens; the first row is there to be passed over. */
  const prediction = (weights: readonly number[]): Prediction => ({
    kind: 'weights',
    weights: Float32Array.of(0, 0, 1, 0, ...weights),
    totals: Float32Array.of(
      1,
      weights.reduce((sum, weight) => sum + weight, 0),
    ),
    highest: Float32Array.of(0, 0),
  });

  test('frequencies follow the weights', () => {
    const weights = [1 / 5, 2 / 5, 1, 0];
    const counts = [0, 0, 0, 0];
    for (let draw = 0; draw < 10_000; draw += 1) {
      const sampled = sampleToken(prediction(weights), 1, (draw + 0.5) / 10_000)!;
      counts[sampled.token] = counts[sampled.token]! + 1;
      expect(sampled.logProb).toBeCloseTo(Math.log(weights[sampled.token]! / 1.6), 6);
    }
    weights.forEach((weight, index) => {
      expect(Math.abs(counts[index]! - (10_000 * weight) / 1.6)).toBeLessThanOrEqual(1);
    });
    expect(counts[3]).toBe(0);
  });

  test('the largest uniform number takes the last token that has a weight; not finite gives nothing', () => {
    expect(sampleToken(prediction([0.5, 1, 0.2, 0]), 1, 1 - 2 ** -53)?.token).toBe(2);
    expect(sampleToken(prediction([1, Number.NaN, 0, 0]), 1, 0.5)).toBeUndefined();
    expect(sampleToken({ kind: 'best', tokens: Int32Array.of(3), logProbs: Float32Array.of(Number.NaN) }, 0, 0.5)).toBeUndefined();
    expect(sampleToken({ kind: 'best', tokens: Int32Array.of(3), logProbs: Float32Array.of(-0.5) }, 0, 0.5)).toEqual({
      token: 3,
      logProb: -0.5,
    });
  });
});

describe.each(['native', 'wasm'] as const)('generation on the %s engine', (backend) => {
  let engine: Engine;
  let model: LanguageModel;
  const options = (change: Partial<GenerateOptions> = {}): GenerateOptions => ({
    engine,
    model,
    prompts,
    promptKeys,
    samplesPerPrompt: 2,
    maxNewTokens: 12,
    temperature: 1,
    seed: 11,
    batchSize: 4,
    stopIds: [],
    ...change,
  });
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
    model = createLanguageModel(engine, tinyLlama());
  }, 60_000);

  test('the cache gives what whole passes give, and its log-probabilities', async () => {
    const answers = await collect(options({ temperature: 0, samplesPerPrompt: 1, maxNewTokens: backend === 'native' ? 80 : 10 }));
    for (const answer of answers) {
      const ids = [...prompts[answer.promptIndex]!];
      for (const token of answer.tokenIds.slice(0, 10)) {
        const logits = model.logits(Int32Array.from(ids), 1, ids.length, Int32Array.of(ids.length - 1));
        const row = Array.from(engine.read(logits));
        engine.dispose(logits);
        expect(row.indexOf(Math.max(...row))).toBe(token);
        ids.push(token);
      }
      // beyond the first bucket of 64 cache positions as well
      const all = Int32Array.from([...prompts[answer.promptIndex]!, ...answer.tokenIds]);
      const positions = Int32Array.from(answer.tokenIds, (_, index) => prompts[answer.promptIndex]!.length - 1 + index);
      const expected = model.logProbs(all, 1, all.length, positions, 1);
      engine.read(expected).forEach((value, index) => {
        expect(answer.logProbs[index]).toBeCloseTo(value, 3);
      });
      engine.dispose(expected);
    }
  });

  test('the same answers one by one and in batches, other ones with another seed', async () => {
    const before = engine.tensorCount();
    const together = await collect(options({ batchSize: 8 }));
    const alone = await collect(options({ batchSize: 1 }));
    expect(together.map(({ promptIndex, sampleIndex }) => [promptIndex, sampleIndex])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
    ]);
    expect(together.map(({ tokenIds }) => tokenIds)).toEqual(alone.map(({ tokenIds }) => tokenIds));
    expect(new Set(together.map(({ tokenIds }) => tokenIds.join(','))).size).toBe(6);
    const reversed = await collect(options({ prompts: prompts.toReversed(), promptKeys: promptKeys.toReversed() }));
    expect(reversed.slice(4).map(({ tokenIds }) => tokenIds)).toEqual(together.slice(0, 2).map(({ tokenIds }) => tokenIds));
    const seeded = await collect(options({ seed: 12 }));
    expect(seeded.map(({ tokenIds }) => tokenIds)).not.toEqual(together.map(({ tokenIds }) => tokenIds));
    expect(engine.tensorCount()).toBe(before);
  });

  test('an answer ends at a stop token, and the others go on undisturbed', async () => {
    const free = await collect(options());
    const stop = free[0]!.tokenIds[2]!;
    const stopped = await collect(options({ stopIds: [stop] }));
    stopped.forEach((answer, index) => {
      const at = free[index]!.tokenIds.indexOf(stop);
      expect(answer.tokenIds).toEqual(at < 0 ? free[index]!.tokenIds : free[index]!.tokenIds.slice(0, at + 1));
      expect(answer.finishReason).toBe(at < 0 ? 'length' : 'eos');
      expect(answer.logProbs.length).toBe(answer.tokenIds.length);
    });
    expect(stopped.some(({ finishReason }) => finishReason === 'eos')).toBe(true);
    expect(stopped.some(({ finishReason }) => finishReason === 'length')).toBe(true);
  });

  test('answers stop where the context ends', async () => {
    const long = Array.from({ length: 90 }, (_, index) => (index === 0 ? 1 : 260 + (index % 10)));
    const answers = await collect(
      options({ prompts: [[1], long], promptKeys: ['short', 'long'], samplesPerPrompt: 1, maxNewTokens: 12, temperature: 0 }),
    );
    expect(answers.map(({ tokenIds }) => tokenIds.length)).toEqual([12, 6]);
    const alone = await collect(options({ prompts: [[1]], promptKeys: ['short'], samplesPerPrompt: 1, maxNewTokens: 12, temperature: 0 }));
    expect(answers[0]!.tokenIds).toEqual(alone[0]!.tokenIds);
  });

  test('progress is told, a cancel is heard between steps and frees everything', async () => {
    const before = engine.tensorCount();
    const progress: number[] = [];
    await collect(options({ onProgress: ({ finished, total, tokens }) => progress.push(finished, total, tokens) }));
    expect(progress).toEqual([4, 6, 48, 6, 6, 72]);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1);
    await expect(collect(options({ signal: controller.signal, maxNewTokens: 90, batchSize: 1 }))).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(engine.tensorCount()).toBe(before);
  });

  test('refuses what cannot be generated', async () => {
    await expect(collect(options({ prompts: [[1], [], [1]] }))).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('Prompt b has no tokens'),
    });
    await expect(collect(options({ prompts: [new Array(96).fill(1), [1], [1]] }))).rejects.toThrow(
      /Prompt a has 96 tokens and leaves no room/,
    );
    await expect(collect(options({ temperature: Number.NaN }))).rejects.toThrow(/temperature is NaN/);
    await expect(collect(options({ maxNewTokens: 0 }))).rejects.toThrow(/maxNewTokens is 0/);
    const broken = model.clone();
    const norm = broken.parameters.get('model.norm.weight')!;
    norm.assign(norm.values().fill(Number.NaN));
    await expect(collect(options({ model: broken }))).rejects.toMatchObject({ code: 'INVARIANT', details: { check: 'finite-logits' } });
    broken.dispose();
  });
});

describe.skipIf(!storiesFolder)('stories260k (needs PLUMBLINE_TEST_DATA)', () => {
  test('greedy text equals that of llama2.c', async () => {
    const engine = await createEngine({ backend: 'native', threads: 2 });
    const files = storiesModel();
    const model = createLanguageModel(engine, files);
    const tokenizer = loadTokenizer(files.tokenizerJson, 'tok512', files.config);
    const common = { engine, model, samplesPerPrompt: 1, temperature: 0, seed: 0, batchSize: 8, stopIds: files.config.stopTokenIds };
    const [story] = await collect({ ...common, prompts: [[1]], promptKeys: [0], maxNewTokens: 200 });
    expect(tokenizer.decode(story!.tokenIds)).toBe(readStories('greedy_200.txt').toString('utf8').trimEnd());
    const cases = goldenCases();
    const answers = await collect({
      ...common,
      prompts: cases.map((golden) => golden.prompt_token_ids),
      promptKeys: cases.map(({ prompt }) => prompt),
      maxNewTokens: 48,
    });
    answers.forEach((answer, index) => {
      const golden = cases[index]!;
      expect([...golden.prompt_token_ids, ...answer.tokenIds]).toEqual(golden.greedy_token_ids);
    });
    model.dispose();
  });
});
