import { describe, expect, test } from 'vitest';
import { batchOf, stepsPerEpoch } from '#lib/ml/training/data-order';

const items = Array.from({ length: 10 }, (_, index) => index);
const at = { seed: 3, name: 'sft', batchSize: 4 };
const epoch = (number: number, seed = 3) => [0, 1, 2].flatMap((step) => batchOf(items, { ...at, seed, step: 3 * number + step }));

describe('the order of data', () => {
  test('every epoch has every example once, and the last batch what is left', () => {
    expect(stepsPerEpoch(10, 4)).toBe(3);
    for (const number of [0, 1, 7]) expect(epoch(number).toSorted((a, b) => a - b)).toEqual(items);
    expect(batchOf(items, { ...at, step: 2 })).toHaveLength(2);
    expect(batchOf(items, { ...at, step: 5 })).toHaveLength(2);
  });

  test('is a function of seed, name and epoch', () => {
    expect(epoch(1)).toEqual(epoch(1));
    expect(epoch(1)).not.toEqual(epoch(0));
    expect(epoch(0, 4)).not.toEqual(epoch(0));
    expect(batchOf(items, { ...at, name: 'dpo', step: 0 })).not.toEqual(batchOf(items, { ...at, step: 0 }));
  });
});
