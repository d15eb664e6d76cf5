import { describe, expect, it } from 'vitest';
import { compareAnswers } from '#lib/domain/quality/compare-answers';

const exact = { ratingTolerance: 0 };

describe('comparing an answer with a known one', () => {
  it('counts pairs, a tie against a preference as half', () => {
    const gold = { ranks: { a: 1, b: 2, c: 3 }, aside: [] };
    expect(compareAnswers(gold, gold, exact)).toEqual({ agreement: 1, compared: 3 });
    expect(compareAnswers(gold, { ranks: { a: 1, b: 2, c: 2 }, aside: [] }, exact)).toEqual({ agreement: 2.5 / 3, compared: 3 });
    expect(compareAnswers(gold, { ranks: { a: 3, b: 2, c: 1 }, aside: [] }, exact)).toEqual({ agreement: 0, compared: 3 });
    expect(compareAnswers({ ranks: { a: 1, b: 1 } }, { ranks: { a: 1, b: 1 } }, exact)).toEqual({ agreement: 1, compared: 1 });
  });

  it('holds setting aside against setting aside', () => {
    const gold = { ranks: { a: 1, b: 2 }, aside: ['c'] };
    expect(compareAnswers(gold, gold, exact)).toEqual({ agreement: 1, compared: 3 });
    // a:b stays; c was to be set aside
    expect(compareAnswers(gold, { ranks: { a: 1, b: 2, c: 3 }, aside: [] }, exact)?.agreement).toBeCloseTo(1 / 3, 12);
    // the wrong one set aside agrees with nothing
    expect(compareAnswers(gold, { ranks: { c: 1, b: 2 }, aside: ['a'] }, exact)?.agreement).toBe(0);
  });

  it('takes "both bad" for half a tie and for no preference', () => {
    const bad = { ranks: { a: 1, b: 1 }, aside: [], bothBad: true };
    expect(compareAnswers(bad, bad, exact)?.agreement).toBe(1);
    expect(compareAnswers(bad, { ranks: { a: 1, b: 1 } }, exact)?.agreement).toBe(0.5);
    expect(compareAnswers(bad, { ranks: { a: 1, b: 2 } }, exact)?.agreement).toBe(0);
  });

  it('compares ratings within the tolerance, missing ones as wrong', () => {
    const gold = { ratings: { a: { overall: 6, tone: 2 } } };
    const given = { ratings: { a: { overall: 5, tone: 4 } } };
    expect(compareAnswers(gold, given, exact)).toEqual({ agreement: 0, compared: 2 });
    expect(compareAnswers(gold, given, { ratingTolerance: 1 })).toEqual({ agreement: 0.5, compared: 2 });
    expect(compareAnswers(gold, {}, { ratingTolerance: 1 })).toEqual({ agreement: 0, compared: 2 });
  });

  it('compares flags by what is shared of what either marked', () => {
    const gold = { flags: { a: ['violent', 'sexual'], b: [] } };
    expect(compareAnswers(gold, { flags: { a: ['violent'], b: [] } }, exact)).toEqual({ agreement: 0.75, compared: 2 });
    expect(compareAnswers(gold, { flags: { a: ['violent', 'sexual'], b: ['violent'] } }, exact)?.agreement).toBe(0.5);
  });

  it('compares marks by the characters marked with the same category', () => {
    const gold = { spans: { a: [{ start: 0, end: 10, category: 'fact' }] } };
    expect(compareAnswers(gold, { spans: { a: [{ start: 5, end: 15, category: 'fact' }] } }, exact)?.agreement).toBe(0.5);
    expect(compareAnswers(gold, { spans: { a: [{ start: 0, end: 10, category: 'style' }] } }, exact)?.agreement).toBe(0);
    expect(compareAnswers({ spans: {} }, { spans: {} }, exact)).toEqual({ agreement: 1, compared: 1 });
  });

  it('has nothing to compare in free text', () => {
    expect(compareAnswers({}, { ranks: { a: 1, b: 2 } }, exact)).toBeNull();
  });
});
