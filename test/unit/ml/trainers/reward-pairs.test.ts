import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flattenPairs, judgedPairs, rankingLoss } from '#lib/ml/trainers/reward-pairs';

const prompt = (count: number, rankings: (number | null)[][]) => ({
  responses: Array.from({ length: count }, (_, index) => ({ responseId: `r${index}`, tokens: [1] })),
  rankings,
});
const best = (count: number) => judgedPairs(prompt(count, [Array.from({ length: count }, (_, index) => index + 1)]));

describe('judgedPairs', () => {
  it('counts wins, losses and ties over annotations and leaves out what was set aside', () => {
    expect(
      judgedPairs(
        prompt(3, [
          [1, 2, 2],
          [2, 1, null],
          [1, 2, 3],
        ]),
      ),
    ).toEqual([
      { first: 0, second: 1, wins: 2, losses: 1, ties: 0 },
      { first: 0, second: 2, wins: 2, losses: 0, ties: 0 },
      { first: 1, second: 2, wins: 1, losses: 0, ties: 1 },
    ]);
    expect(judgedPairs(prompt(2, [[1, null]]))).toEqual([]);
  });
});

describe('rankingLoss', () => {
  it.each([
    [[2, 1, 0], 0.25115, [-0.129381, 0, 0.129381]],
    [[1.5, 0.5, 0.2, -1], 0.275368, [-0.093161, -0.056507, 0.068041, 0.081626]],
    [[0, 0, 0, 0], Math.LN2, [-0.25, -0.083333, 0.083333, 0.25]],
  ])('scores %j', (scores, loss, gradient) => {
    const result = rankingLoss(scores, best(scores.length));
    expect(result.loss).toBeCloseTo(loss, 6);
    for (const [index, value] of gradient.entries()) expect(result.gradient[index]).toBeCloseTo(value, 6);
  });

  it('pulls tied answers together and counts them in the divisor', () => {
    const tied = rankingLoss([1, 0], judgedPairs(prompt(2, [[1, 1]])));
    expect(tied.loss).toBeCloseTo((0.313262 + 1.313262) / 2, 6);
    expect(tied.gradient[0]).toBeCloseTo(0.231059, 6);
    const mixed = rankingLoss([1, 0, 0], judgedPairs(prompt(3, [[1, 2, 2]])));
    expect(mixed.loss).toBeCloseTo((2 * 0.313262 + Math.LN2) / 3, 6);
    expect(mixed.gradient[1]).toBeCloseTo(mixed.gradient[2]!, 12);
  });

  it('has the gradient of its loss, which sums to zero', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 5 }),
        fc.array(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 5, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
        (scores, rankings) => {
          const pairs = judgedPairs(prompt(scores.length, rankings));
          const { gradient } = rankingLoss(scores, pairs);
          expect(gradient.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 10);
          for (const index of scores.keys()) {
            const moved = (by: number) => rankingLoss(scores.with(index, scores[index]! + by), pairs).loss;
            expect(gradient[index]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 6);
          }
        },
      ),
      { numRuns: 50, seed: 1 },
    );
  });

  it('weighs prompts of a batch alike', () => {
    const flat = flattenPairs([
      { responses: 3, pairs: best(3) },
      { responses: 2, pairs: judgedPairs(prompt(2, [[1, 1]])) },
    ]);
    expect([...flat.first]).toEqual([0, 0, 1, 3]);
    expect([...flat.second]).toEqual([1, 2, 2, 4]);
    expect(flat.weights.map((weight) => Math.round(weight * 1e6))).toEqual(Float32Array.from([166667, 166667, 166667, 500000]));
    expect([...flat.targets]).toEqual([1, 1, 1, 0.5]);
  });
});
