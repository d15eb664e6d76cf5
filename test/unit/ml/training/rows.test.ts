import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { packTexts } from '#lib/ml/training/packing';
import { sharedPromptRows, splitByAnswer } from '#lib/ml/training/shared-prompt';
import { predictionBucket, TargetLogProbs } from '#lib/ml/training/target-log-probs';
import { layRows } from '#lib/ml/training/token-rows';
import { configs, lossAndGradients, randomTokens, randomWeights, relativeDifference } from './training-model';

Object.assign(process.env, nativeEnvironment(2));

const options = { padId: 0, contextLength: 48 };
const text = (tokens: readonly number[], weights?: readonly number[]) => ({ prefix: { tokens, ...(weights ? { weights } : {}) } });

describe('packing', () => {
  test('fills rows with the longest first, the same every time', () => {
    const texts = [3, 7, 2, 5, 5, 1].map((length) => text(Array(length).fill(5)));
    // 7 + 3, 5 + 5, 2 + 1
    expect(packTexts(texts, 10)).toEqual([
      [1, 0],
      [3, 4],
      [2, 5],
    ]);
  });

  test('puts every text into one row, never more than fits, never far from the fewest rows', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 200 }), (lengths) => {
        const rows = packTexts(
          lengths.map((length) => text(Array(length).fill(5))),
          40,
        );
        const sizes = rows.map((row) => row.reduce((sum, index) => sum + (lengths[index] ?? 0), 0));
        expect(rows.flat().toSorted((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(40);
        const fewest = Math.ceil(lengths.reduce((a, b) => a + b, 0) / 40);
        // at most one row is not half full
        expect(rows.length).toBeLessThanOrEqual(2 * fewest + 1);
      }),
      { numRuns: 60 },
    );
  });

  test('names a text that is longer than a row', () => {
    const error = { code: 'BAD_INPUT', message: expect.stringContaining('Text 2 has 11 tokens; a row has 10'), details: { text: 2 } };
    expect(() => packTexts([text([1]), text(Array(11).fill(5))], 10)).toThrow(
      expect.objectContaining({ ...error, details: { text: 2, tokens: 11, rowLength: 10 } }),
    );
    expect(() => packTexts([text([])], 10)).toThrow(/Text 1 has no tokens/);
    expect(packTexts([], 10)).toEqual([]);
  });
});

describe('rows', () => {
  test('lays out texts, branches, positions and predictions', () => {
    const rows = layRows(
      [
        [text([1, 4, 5], [9, 0, 2]), { prefix: { tokens: [1, 6], weights: [0, 0] }, branches: [{ tokens: [7, 2] }, { tokens: [8] }] }],
        [text([1, 9])],
      ],
      { ...options, time: 10 },
    );
    expect([...rows.tokens]).toEqual([1, 4, 5, 1, 6, 7, 2, 8, 0, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...rows.positions.subarray(0, 10)]).toEqual([0, 1, 2, 0, 1, 2, 3, 2, 0, 0]);
    expect([...(rows.parts?.texts.subarray(0, 10) ?? [])]).toEqual([0, 0, 0, 1, 1, 1, 1, 1, -1, -1]);
    expect([...(rows.parts?.branches.subarray(0, 10) ?? [])]).toEqual([0, 0, 0, 0, 0, 1, 1, 2, 0, 0]);
    expect([...rows.predictedFrom]).toEqual([1, 4, 5, 4, 10]);
    expect([...rows.targets]).toEqual([5, 7, 2, 8, 9]);
    expect([...rows.weights]).toEqual([2, 1, 1, 1, 1]);
    expect([...rows.ends]).toEqual([2, 6, 7, 11]);
  });

  test('one text a row needs no parts; lengths are rounded up within the context', () => {
    expect(layRows([[text([1, 2, 3])]], options)).toMatchObject({ time: 16, parts: undefined });
    expect(layRows([[text(Array(40).fill(5))]], { padId: 0, contextLength: 44 }).time).toBe(44);
    expect([1, 16, 17, 130, 2032].map(predictionBucket)).toEqual([16, 16, 32, 144, 2048]);
  });

  test('names what cannot be computed', () => {
    const lay = (...texts: Parameters<typeof layRows>[0][number]) => layRows([[text([1, 2])], texts], options);
    expect(() => lay(text([1, Number.NaN]))).toThrow(/Row 2: token 2 is NaN, which is no token id/);
    expect(() => lay(text([1, 2]), text([1, -3]))).toThrow(/Row 2, text 2: token 2 is -3/);
    expect(() => lay(text([1, 2], [0, Number.NaN]))).toThrow(/the loss weight of token 2 is NaN/);
    expect(() => lay(text([1, 2], [0, -1]))).toThrow(/the loss weight of token 2 is -1/);
    expect(() => lay(text([1, 2], [1]))).toThrow(/1 loss weights for 2 tokens/);
    expect(() => lay(text([]))).toThrow(/Row 2: it has no tokens/);
    expect(() => lay(text(Array(49).fill(5)))).toThrow(/Row 2: it has 49 tokens; the model reads at most 48/);
    expect(() => lay({ prefix: { tokens: [1, 2] }, branches: [{ tokens: Array(47).fill(3) }] })).toThrow(/it has 49 tokens/);
    expect(() => layRows([[text([1, 2, 3])]], { ...options, time: 2 })).toThrow(/Row 1: it has 3 tokens; rows are 2 long/);
  });
});

describe.each(['native', 'wasm'] as const)('several texts in one row on %s', (backend) => {
  let engine: Engine;
  const models = new Map<string, LanguageModel>();
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
    for (const [family, config] of Object.entries(configs)) models.set(family, createLanguageModel(engine, randomWeights(config, 5)));
  }, 60_000);
  afterAll(() => {
    for (const model of models.values()) model.dispose();
  });
  const numRuns = backend === 'native' ? 12 : 2;

  test.each(['llama', 'gpt2'])('%s: packed equals unpacked, loss and gradients, whatever the lengths', (family) => {
    const model = models.get(family) as LanguageModel;
    const lengths = fc.array(fc.integer({ min: 2, max: 20 }), { minLength: 2, maxLength: 7 });
    fc.assert(
      fc.property(lengths, fc.integer(), (sizes, seed) => {
        const texts = sizes.map((length, index) => {
          const tokens = randomTokens(seed + index, length);
          // some tokens are only read; the last one is always learnt
          return text(
            tokens,
            tokens.map((token, at) => (at === length - 1 ? 1 : (token % 3) / 2)),
          );
        });
        const packed = layRows(
          packTexts(texts, 32).map((row) => row.map((index) => texts[index] as (typeof texts)[number])),
          { ...options, time: 32 },
        );
        const one = lossAndGradients(engine, model, [packed]);
        const many = lossAndGradients(
          engine,
          model,
          texts.map((each) => layRows([[each]], options)),
        );
        expect(Math.abs(one.loss - many.loss)).toBeLessThan(1e-5);
        expect(relativeDifference(many.gradients, one.gradients)).toBeLessThan(1e-4);
      }),
      { numRuns },
    );
  });

  test.each(['llama', 'gpt2'])('%s: answers beside one prompt equal rows of their own', (family) => {
    const model = models.get(family) as LanguageModel;
    const shape = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(shape, shape, fc.integer(), (first, second, seed) => {
        const prompts = [first, second].map((sizes, row) => ({
          prompt: randomTokens(seed + row, 4 + row * 7),
          answers: sizes.map((length, index) => randomTokens(seed + 10 * row + index + 2, length + 1).slice(1)),
        }));
        const shared = sharedPromptRows(prompts, options);
        const alone = prompts.flatMap(({ answers, prompt }) =>
          answers.map((answer) => layRows([[text([...prompt, ...answer], [...prompt.map(() => 0), ...answer.map(() => 1)])]], options)),
        );
        const logProbs = new TargetLogProbs(model.trunk);
        const ours = splitByAnswer(logProbs.read(shared, { temperature: 0.7 }), prompts).flat();
        alone.forEach((row, index) => {
          const theirs = logProbs.read(row, { temperature: 0.7 });
          expect(ours[index]?.length).toBe(theirs.length);
          theirs.forEach((value, at) => {
            expect(Math.abs(value - (ours[index]?.[at] ?? Number.NaN))).toBeLessThan(1e-5);
          });
        });
        logProbs.dispose();
        const together = lossAndGradients(engine, model, [shared]);
        const apart = lossAndGradients(engine, model, alone);
        expect(Math.abs(together.loss - apart.loss)).toBeLessThan(1e-5);
        expect(relativeDifference(apart.gradients, together.gradients)).toBeLessThan(1e-4);
      }),
      { numRuns },
    );
  });

  test('an empty answer has no log-probabilities', () => {
    const prompts = [{ prompt: [1, 4], answers: [[], [5, 2]] }];
    const logProbs = new TargetLogProbs((models.get('llama') as LanguageModel).trunk);
    const [answers] = splitByAnswer(logProbs.read(sharedPromptRows(prompts, options)), prompts);
    expect(answers?.map(({ length }) => length)).toEqual([0, 2]);
    logProbs.dispose();
  });
});
