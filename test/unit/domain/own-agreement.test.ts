import { describe, expect, it } from 'vitest';
import { bandOfOthers, ownAgreement } from '#lib/domain/own-agreement';
import { createRandom } from '#lib/domain/random';

const task = (numerator: number, denominator: number) => ({ numerator, denominator });

describe('own agreement', () => {
  it('says how many tasks are still needed, and counts none that compared nothing', () => {
    const tasks = [...Array.from({ length: 19 }, () => task(6, 6)), ...Array.from({ length: 9 }, () => task(0, 0))];
    expect(ownAgreement(tasks, createRandom('x'))).toEqual({ known: false, tasks: 19, needed: 20 });
  });

  it('is the share of all parts, with an interval over tasks', () => {
    const tasks = Array.from({ length: 40 }, (_, index) => (index % 4 === 0 ? task(0, 3) : task(6, 6)));
    const found = ownAgreement(tasks, createRandom('x'));
    if (!found.known) throw new Error('it is known');
    expect(found).toMatchObject({ tasks: 40, parts: 210 });
    expect(found.value).toBeCloseTo(180 / 210, 12);
    expect(found.low).toBeLessThan(found.value);
    expect(found.high).toBeGreaterThan(found.value);
    expect(found.low).toBeGreaterThan(0.7);
  });
});

describe('the band of the others', () => {
  it('is not given of fewer than five, and is their quartiles in whole percents', () => {
    expect(bandOfOthers([0.5, 0.6, 0.7, 0.8])).toBeNull();
    expect(bandOfOthers([0.9, 0.50123, 0.71, 0.61234, 0.8])).toEqual({ low: 0.61, high: 0.8, people: 5 });
  });
});
