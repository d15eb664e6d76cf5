import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgedPairs, llama2Margins, rankingLoss } from '#lib/ml/trainers/reward-pairs';

const prompt = (count: number, rankings: (number | null)[][]) => ({
  responses: Array.from({ length: count }, (_, index) => ({ responseId: `r${index}`, tokens: [1] })),
  rankings: rankings.map((ranks) => ({ annotatorId: null, ranks })),
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
});

describe('statements about pairs', () => {
  const responses = ['a', 'b', 'c'].map((responseId) => ({ responseId, tokens: [1] }));

  it('takes comparisons beside rankings, whichever way round they name a pair', () => {
    const comparisons = [
      { annotatorId: 'x', first: 2, second: 0, better: 'first' as const },
      { annotatorId: 'y', first: 0, second: 2, better: 'second' as const, weight: 0.5 },
      { annotatorId: 'y', first: 1, second: 0, better: 'neither' as const },
    ];
    expect(judgedPairs({ responses, rankings: [{ annotatorId: 'z', ranks: [null, 2, 1] }], comparisons })).toEqual([
      { first: 0, second: 1, wins: 0, losses: 0, ties: 1 },
      { first: 0, second: 2, wins: 0, losses: 1.5, ties: 0 },
      { first: 1, second: 2, wins: 0, losses: 1, ties: 0 },
    ]);
  });

  it('keeps annotators and what was shown first apart where that matters, and weighs annotators', () => {
    const rankings = [
      { annotatorId: 'x', ranks: [1, 2, null], shown: [0, 1, 2] },
      { annotatorId: 'x', ranks: [1, 2, null], shown: [1, 0, 2] },
      { annotatorId: 'y', ranks: [2, 1, null], shown: [1, 0, 2] },
      { annotatorId: null, ranks: [2, 1, null] },
    ];
    expect(judgedPairs({ responses, rankings }, { annotatorWeights: { x: 2, y: 0 } })).toEqual([
      { first: 0, second: 1, wins: 4, losses: 1, ties: 0 },
    ]);
    expect(judgedPairs({ responses, rankings }, { apart: true })).toEqual([
      { first: 0, second: 1, annotatorId: 'x', position: 1, wins: 1, losses: 0, ties: 0 },
      { first: 0, second: 1, annotatorId: 'x', position: -1, wins: 1, losses: 0, ties: 0 },
      { first: 0, second: 1, annotatorId: 'y', position: -1, wins: 0, losses: 1, ties: 0 },
      { first: 0, second: 1, wins: 0, losses: 1, ties: 0 },
    ]);
    const turned = [{ annotatorId: 'x', first: 1, second: 0, better: 'first' as const, shownFirst: 'first' as const }];
    expect(judgedPairs({ responses, rankings: [], comparisons: turned }, { apart: true })).toEqual([
      { first: 0, second: 1, annotatorId: 'x', position: -1, wins: 0, losses: 1, ties: 0 },
    ]);
  });

  it("gives preferences the margin of their strength, Llama 2's small and large", () => {
    const rankings = [3, 2, 1, 0].map((strength) => ({ annotatorId: null, ranks: [1, 2, null], strength }));
    const margins = (table: Record<string, number>) =>
      judgedPairs({ responses, rankings }, { margins: table }).map(({ margin = 0 }) => margin);
    expect(margins(llama2Margins.llama2Large)).toEqual([3, 2, 1, 0]);
    expect(margins(llama2Margins.llama2Small)).toEqual([1, 2 / 3, 1 / 3, 0]);
    expect(judgedPairs({ responses, rankings: rankings.slice(0, 1) }, { margins: 'strength' })[0]).toMatchObject({ margin: 3 });
    expect(() => margins({ '1': 1 })).toThrow(/strength 3; the margin table knows 1/);
    // a tie has no margin
    const tied = [{ annotatorId: null, ranks: [1, 1, null], strength: 3 }];
    expect(judgedPairs({ responses, rankings: tied }, { margins: llama2Margins.llama2Large })).toEqual([
      { first: 0, second: 1, wins: 0, losses: 0, ties: 1 },
    ]);
  });
});
