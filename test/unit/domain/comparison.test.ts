import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Comparison,
  canonicaliseComparison,
  comparisonFromOrder,
  comparisonSchema,
  displayPlaces,
  isComplete,
  pairsOf,
  parseComparison,
} from '#lib/domain/comparison';
import { AppError } from '#lib/errors';

/** Any judgement of 1 to 9 responses: a level for each, or null for set aside; levels may have gaps. */
const judgement = fc
  .uniqueArray(fc.uuid(), { minLength: 1, maxLength: 9 })
  .chain((ids) =>
    fc
      .array(fc.option(fc.integer({ min: 1, max: 30 }), { nil: null, freq: 4 }), { minLength: ids.length, maxLength: ids.length })
      .map((levels) => ({ ids, levels })),
  );

function toComparison({ ids, levels }: { ids: string[]; levels: (number | null)[] }): Comparison {
  const ranks: Record<string, number> = {};
  const aside: string[] = [];
  ids.forEach((id, index) => {
    const level = levels[index] ?? null;
    if (level === null) aside.push(id);
    else ranks[id] = level;
  });
  return { ranks, aside };
}

describe('comparison', () => {
  it('becomes dense, keeps every order and every tie, and is a fixed point', () => {
    fc.assert(
      fc.property(judgement, (given) => {
        const raw = toComparison(given);
        const canonical = canonicaliseComparison(raw);
        expect(comparisonSchema.safeParse(canonical).success).toBe(true);
        expect(canonicaliseComparison(canonical)).toEqual(canonical);
        const distinct = new Set(Object.values(canonical.ranks));
        expect([...distinct].sort((a, b) => a - b)).toEqual([...distinct].map((_, index) => index + 1));
        for (const a of Object.keys(raw.ranks)) {
          for (const b of Object.keys(raw.ranks)) {
            expect(Math.sign(canonical.ranks[a]! - canonical.ranks[b]!)).toBe(Math.sign(raw.ranks[a]! - raw.ranks[b]!));
          }
        }
      }),
    );
  });

  it('has the same canonical value whatever the order of its ids', () => {
    fc.assert(
      fc.property(judgement, (given) => {
        const reversed = toComparison({ ids: [...given.ids].reverse(), levels: [...given.levels].reverse() });
        expect(JSON.stringify(canonicaliseComparison(reversed))).toBe(JSON.stringify(canonicaliseComparison(toComparison(given))));
      }),
    );
  });

  it('gives each pair of ranked responses exactly once, strict or tied, and none of what is aside', () => {
    fc.assert(
      fc.property(judgement, (given) => {
        const comparison = canonicaliseComparison(toComparison(given));
        const { strict, tied } = pairsOf(comparison);
        const n = Object.keys(comparison.ranks).length;
        expect(strict.length + tied.length).toBe((n * Math.max(0, n - 1)) / 2);
        for (const { chosen, rejected } of strict) expect(comparison.ranks[chosen]!).toBeLessThan(comparison.ranks[rejected]!);
        for (const [a, b] of tied) expect(comparison.ranks[a]).toBe(comparison.ranks[b]);
        const keys = [...strict.map(({ chosen, rejected }) => [chosen, rejected]), ...tied].map((pair) => [...pair].sort().join());
        expect(new Set(keys).size).toBe(keys.length);
        for (const id of comparison.aside) expect(keys.join()).not.toContain(id);
      }),
    );
  });

  it('shows places as people count them', () => {
    const ranks = { a: 1, b: 2, c: 2, d: 3 };
    expect(displayPlaces(ranks)).toEqual({
      a: { place: 1, tied: false },
      b: { place: 2, tied: true },
      c: { place: 2, tied: true },
      d: { place: 4, tied: false },
    });
    expect(pairsOf({ ranks, aside: [] })).toEqual({
      strict: [
        { chosen: 'a', rejected: 'b' },
        { chosen: 'a', rejected: 'c' },
        { chosen: 'a', rejected: 'd' },
        { chosen: 'b', rejected: 'd' },
        { chosen: 'c', rejected: 'd' },
      ],
      tied: [['b', 'c']],
    });
  });

  it('is built from groups best first', () => {
    expect(comparisonFromOrder([['z'], [], ['b', 'a']], ['q'])).toEqual({ ranks: { a: 2, b: 2, z: 1 }, aside: ['q'] });
  });

  it('knows when every displayed answer is judged', () => {
    expect(isComplete({ ranks: { a: 1 }, aside: ['b'] }, ['b', 'a'])).toBe(true);
    expect(isComplete({ ranks: { a: 1 }, aside: [] }, ['b', 'a'])).toBe(false);
    expect(isComplete({ ranks: { a: 1, c: 2 }, aside: ['b'] }, ['b', 'a'])).toBe(false);
  });

  it.each([
    ['a gap', { ranks: { a: 1, b: 3 }, aside: [] }, 'Place 2 is empty'],
    ['no first place', { ranks: { a: 2, b: 2 }, aside: [] }, 'Place 1 is empty'],
    ['twice', { ranks: { a: 1, b: 2 }, aside: ['b'] }, 'stands twice'],
    ['nothing', { ranks: {}, aside: [] }, 'No answer has a place'],
    ['half places', { ranks: { a: 1.5, b: 1 }, aside: [] }, 'int'],
    ['an unknown field', { ranks: { a: 1, b: 2 }, aside: [], score: 3 }, 'score'],
    ['another form', ['a', 'b'], 'object'],
  ])('refuses %s', (_name, value, part) => {
    expect(() => parseComparison(value, ['a', 'b'])).toThrow(AppError);
    expect(() => parseComparison(value, ['a', 'b'])).toThrow(part);
  });

  it('names what is missing and what was never shown', () => {
    try {
      parseComparison({ ranks: { a: 1, x: 2 }, aside: [] }, ['a', 'b']);
      expect.unreachable();
    } catch (error) {
      expect((error as AppError).code).toBe('BAD_INPUT');
      expect((error as AppError).details).toEqual({ missing: ['b'], unknown: ['x'] });
    }
  });
});
