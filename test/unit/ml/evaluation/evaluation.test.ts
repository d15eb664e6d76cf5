import { describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { reportRankings } from '#lib/ml/evaluation/ranking-report';
import { distinctNgrams, meanLength, repetition, textWords } from '#lib/ml/evaluation/text-metrics';
import { outcomeOf, winRate } from '#lib/ml/evaluation/win-rate';

describe('text metrics', () => {
  it('counts n-grams over all answers and repeats within each', () => {
    const answers = ['a b a b'.split(' '), 'a b c'.split(' ')];
    expect(distinctNgrams(answers, 1)).toBe(3 / 7);
    expect(distinctNgrams(answers, 2)).toBe(3 / 5);
    expect(repetition(answers, 2)).toBeCloseTo((1 / 3 + 0) / 2, 12);
    expect(meanLength(answers)).toBe(3.5);
    expect(distinctNgrams([['a']], 2)).toBeNull();
    expect(repetition([], 2)).toBeNull();
    expect(
      distinctNgrams(
        [
          [1, 23],
          [12, 3],
        ],
        2,
      ),
    ).toBe(1);
    expect(textWords("Tim's dog, Ünal's 2 cats!")).toEqual(["tim's", 'dog', "ünal's", '2', 'cats']);
  });
});

describe('winRate', () => {
  it('counts a tie as half and bootstraps prompts', () => {
    const outcomes = Array.from({ length: 40 }, (_, index) => ({
      promptId: `p${index % 20}`,
      outcome: index % 20 < 12 ? ('win' as const) : index % 20 < 16 ? ('tie' as const) : ('loss' as const),
    }));
    const result = winRate(outcomes, createRandom(1));
    expect(result).toMatchObject({ wins: 24, ties: 8, losses: 8 });
    if (!result.rate.defined) throw new Error('undefined');
    expect(result.rate.value).toBeCloseTo(0.7, 12);
    expect(result.rate.n).toBe(20);
    // Standard error over 20 prompts: sqrt(0.6 * 0.09 + 0.2 * 0.04 + 0.2 * 0.49) / sqrt(20) = 0.089.
    expect(result.rate.low).toBeGreaterThan(0.45);
    expect(result.rate.low).toBeLessThan(0.6);
    expect(winRate([], createRandom(1)).rate.defined).toBe(false);
  });

  it('makes outcomes of scores', () => {
    expect([outcomeOf(1, 0), outcomeOf(0, 1), outcomeOf(1, 0.95, 0.1), outcomeOf(1, 1)]).toEqual(['win', 'loss', 'tie', 'tie']);
  });
});

describe('reportRankings', () => {
  it('measures accuracy, ties, length and calibration', () => {
    const pair = (wins: number, losses: number, ties = 0) => [{ first: 0, second: 1, wins, losses, ties }];
    const report = reportRankings(
      [
        { promptId: 'a', scores: [1.5, 0], lengths: [3, 5], pairs: pair(2, 1) },
        { promptId: 'b', scores: [0, 0.3], lengths: [4, 4], pairs: pair(0, 1) },
        { promptId: 'c', scores: [1, 1], lengths: [9, 2], pairs: pair(1, 0) },
        { promptId: 'b', scores: [0, 4], lengths: [9, 2], pairs: pair(0, 0, 1) },
        { promptId: 'e', scores: [0, 4], lengths: [9, 2], pairs: [] },
      ],
      createRandom(1),
    );
    expect(report).toMatchObject({ prompts: 3, judgements: 5, ties: 1 });
    expect(report.accuracy).toMatchObject({ defined: true, value: 3 / 5, n: 3 });
    // Longer: prompt 1 the second (1 of 3), prompt 2 equal (0.5 of 1), prompt 3 the first (1 of 1).
    expect(report.lengthBaseline).toMatchObject({ value: 2.5 / 5 });
    expect(report.margins.map((bin) => bin.judgements)).toEqual([1, 1, 0, 3, 0]);
    expect(report.margins[3]).toMatchObject({ low: 1, high: 2, accuracy: 2 / 3 });
    expect(report.margins[3]!.expected).toBeCloseTo(0.817574, 6);
    expect(report.margins[2]!.accuracy).toBeNull();
    expect(report.calibrationError).toBeCloseTo((0.5 + (1 - 0.574443) + 3 * (0.817574 - 2 / 3)) / 5, 5);
  });

  it('separates what a model knows from how sure it is', () => {
    // Three of four judgements agree with a difference of 10: the best factor makes sigmoid(10 f) = 3/4.
    const ranking = { promptId: 'a', scores: [10, 0], lengths: [1, 1], pairs: [{ first: 0, second: 1, wins: 3, losses: 1, ties: 0 }] };
    const report = reportRankings([ranking], createRandom(1));
    expect(report.calibratingFactor).toBeCloseTo(Math.log(3) / 10, 6);
    expect(report.calibratedLoss).toBeCloseTo(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25), 9);
    expect(report.loss).toBeCloseTo(2.5, 3);
    const against = reportRankings([{ ...ranking, scores: [0, 10] }], createRandom(1));
    expect(against).toMatchObject({ calibratingFactor: 0, calibratedLoss: Math.LN2 });
  });
});
