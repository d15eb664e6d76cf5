import { describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { evaluateReward, reportReward } from '#lib/ml/evaluation/reward-report';
import type { RankedPrompt } from '#lib/ml/trainers/reward-pairs';

/** Pairs of which the first answer is better; `right`: scored so; `longer`: it is the longer one. */
const rankings = (cases: readonly { right: boolean; lengths: [number, number]; annotatorId?: string }[]) =>
  cases.map(({ annotatorId, lengths, right }, index) => ({
    promptId: `p${index}`,
    scores: right ? [1, 0] : [0, 1],
    lengths,
    pairs: [{ first: 0, second: 1, wins: 1, losses: 0, ties: 0, ...(annotatorId ? { annotatorId } : {}) }],
  }));
const many = (count: number, right: (index: number) => boolean, longer: (index: number) => boolean) =>
  rankings(Array.from({ length: count }, (_, index) => ({ right: right(index), lengths: longer(index) ? [20, 10] : [10, 20] })));

describe('reportReward', () => {
  it('says plainly whether the model beats the length rule', () => {
    const better = reportReward(
      many(
        200,
        (index) => index % 10 !== 0,
        (index) => index % 4 !== 0,
      ),
      createRandom(1),
    );
    expect(better).toMatchObject({ accuracy: 0.9, lengthBaseline: 0.75, beatsLength: true, n: 200, prompts: 200 });
    expect(better.overLength).toMatchObject({ defined: true });
    // differences of 1 that are right nine times of ten: sigmoid(1 / T) = 0.9
    expect(better.ece).toBeCloseTo(0.9 - 0.731059, 5);
    expect(better.temperature).toBeCloseTo(1 / Math.log(9), 6);
    expect(better.calibratedEce).toBeCloseTo(0, 6);
    expect(better.verdict).toMatch(/^It beats .* by 15\.0 points/);
    const worse = reportReward(
      many(
        200,
        (index) => index % 4 !== 0,
        (index) => index % 10 !== 0,
      ),
      createRandom(1),
    );
    expect(worse).toMatchObject({ beatsLength: false });
    expect(worse.verdict).toMatch(/does not beat .* worse by -15\.0 points/);
    // 81 % against 80 % on 100 prompts decides nothing
    const close = reportReward(
      many(
        100,
        (index) => index < 81,
        (index) => index % 5 !== 0,
      ),
      createRandom(1),
    );
    expect(close.beatsLength).toBeNull();
    expect(close.verdict).toMatch(/do not show/);
    const right = reportReward(
      many(
        20,
        () => true,
        () => true,
      ),
      createRandom(1),
    );
    expect(right).toMatchObject({ accuracy: 1, temperature: null });
    const nothing = reportReward([], createRandom(1));
    expect(nothing).toMatchObject({ accuracy: null, low: null, n: 0, ece: null, lengthBaseline: null, beatsLength: null });
    expect(nothing.verdict).toMatch(/cannot be told/);
  });

  it('pairs the difference: where both rules err alike it has no interval', () => {
    const { overLength } = reportReward(
      many(
        50,
        (index) => index % 3 !== 0,
        (index) => index % 3 !== 0,
      ),
      createRandom(1),
    );
    expect(overLength).toMatchObject({ value: 0, low: 0, high: 0 });
  });

  it('measures pairs of like length, and annotators', () => {
    const report = reportReward(
      rankings([
        { right: true, lengths: [100, 86], annotatorId: 'x' },
        { right: false, lengths: [100, 100], annotatorId: 'x' },
        { right: true, lengths: [86, 100], annotatorId: 'y' },
        { right: false, lengths: [100, 84], annotatorId: 'x' },
      ]),
      createRandom(1),
    );
    expect(report.lengthMatched).toMatchObject({ value: 2 / 3, n: 3 });
    expect(report.annotators.map(({ accuracy, annotatorId }) => [annotatorId, accuracy.n, accuracy.defined && accuracy.value])).toEqual([
      ['x', 3, 1 / 3],
      ['y', 1, 1],
    ]);
  });
});

describe('evaluateReward', () => {
  const prompt = (promptId: string, split: RankedPrompt['split'], tokens: number[][]): RankedPrompt => ({
    promptId,
    split,
    prompt: [1],
    responses: tokens.map((answer, index) => ({ responseId: `${promptId}${index}`, tokens: answer })),
    rankings: [{ annotatorId: 'x', ranks: tokens.map((_, index) => index + 1) }],
  });

  it('scores each answer once, in the order of prompts, and reports notes', () => {
    const data = [prompt('a', 'TEST', [[9], [5, 5], [1]]), prompt('b', 'TEST', [[3], [3]]), prompt('c', 'TRAIN', [[1], [9, 9]])];
    const seen: (readonly number[])[] = [];
    const score = (rows: readonly { response: readonly number[] }[]) => {
      seen.push(...rows.map(({ response }) => response));
      return rows.map(({ response }) => response.reduce((sum, token) => sum + token, 0));
    };
    const report = evaluateReward({ score, data, contextLength: 8 });
    expect(seen).toEqual([[1], [9, 9], [9], [5, 5], [1]].map((tokens) => tokens));
    // a: 9 < 10, 9 > 1, 10 > 1; c: 1 < 18
    expect(report).toMatchObject({ n: 4, accuracy: 2 / 4, prompts: 2 });
    expect(report.notes.map(({ check }) => check)).toEqual(['same-answers']);
    expect(evaluateReward({ score, data, contextLength: 8, split: 'TEST' })).toMatchObject({ n: 3 });
    expect(() => evaluateReward({ score, data, contextLength: 2 })).toThrow(/answer a1 has 1 \+ 2 = 3 tokens/);
  });
});
