import { describe, expect, it } from 'vitest';
import { taskDisagreement } from '#lib/domain/review/disagreement';
import { labelSurprise } from '#lib/domain/review/surprise';

describe('disagreement on a task', () => {
  it('is 1 - the mean agreement over pairs of labels, with ties half', () => {
    // The three rankings of annotation.md 2.2: 13 of 18 pair judgements agree.
    const ranks = (a: number, b: number, c: number, d: number) => ({ ranks: { a, b, c, d }, aside: [] });
    expect(taskDisagreement([ranks(1, 2, 2, 4), ranks(1, 3, 2, 4), ranks(2, 1, 3, 3)])).toBeCloseTo(5 / 18, 12);
    expect(taskDisagreement([ranks(1, 2, 3, 4), ranks(4, 3, 2, 1)])).toBe(1);
    expect(taskDisagreement([ranks(1, 2, 3, 4), ranks(1, 2, 3, 4)])).toBe(0);
  });

  it('is null where there is nothing to compare', () => {
    expect(taskDisagreement([{ ranks: { a: 1, b: 2 }, aside: [] }])).toBeNull();
    expect(taskDisagreement([{ text: 'one answer' }, { text: 'another' }])).toBeNull();
  });

  it('holds flags and ratings against each other', () => {
    expect(taskDisagreement([{ flags: { a: ['harmful', 'opinion'] } }, { flags: { a: ['harmful'] } }])).toBe(0.5);
    expect(taskDisagreement([{ ratings: { a: { quality: 5 } } }, { ratings: { a: { quality: 4 } } }])).toBe(1);
  });
});

describe('surprise of the reward ensemble', () => {
  const scores = new Map([
    ['a', [2, 0]],
    ['b', [0, 0]],
    ['c', [-1, 1]],
  ]);

  it('finds the pair that it would most surely have judged the other way', () => {
    const surprise = labelSurprise({ ranks: { a: 2, b: 1, c: 3 }, aside: [] }, scores);
    // Members prefer a to b by sigmoid(2) and sigmoid(0).
    const against = (1 / (1 + Math.exp(-2)) + 0.5) / 2;
    expect(surprise?.strongest).toEqual({ chosen: 'b', rejected: 'a', probability: against });
    expect(surprise?.bits).toBeCloseTo(-Math.log2(1 - against), 12);
  });

  it('is null for ties and without scores, and stays finite where the ensemble is certain', () => {
    expect(labelSurprise({ ranks: { a: 1, b: 1 }, aside: [] }, scores)).toBeNull();
    expect(labelSurprise({ ranks: { a: 1, x: 2 }, aside: [] }, scores)).toBeNull();
    const certain = new Map([
      ['a', [500]],
      ['b', [-500]],
    ]);
    expect(labelSurprise({ ranks: { a: 2, b: 1 }, aside: [] }, certain)?.bits).toBe(52);
  });
});
