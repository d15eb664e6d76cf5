import { describe, expect, it } from 'vitest';
import { scheduleFactor } from '#lib/ml/optim/schedule';

const factors = (kind: 'constant' | 'linear' | 'cosine', warmup: number, floor: number, total: number) =>
  Array.from({ length: total }, (_, step) => scheduleFactor({ kind, warmup, floor }, step, total));

describe('scheduleFactor', () => {
  it('falls linearly, to 0 after the last update', () => {
    expect(factors('linear', 0, 0, 4)).toEqual([1, 0.75, 0.5, 0.25]);
    expect(factors('linear', 0, 0.5, 2)).toEqual([1, 0.75]);
  });

  it('falls along half a cosine to its floor', () => {
    const values = factors('cosine', 0, 0.1, 100);
    expect(values[0]).toBe(1);
    expect(values[50]).toBeCloseTo(0.55, 12);
    expect(values[99]).toBeCloseTo(0.1 + (0.9 * (1 + Math.cos(0.99 * Math.PI))) / 2, 12);
    expect(values.every((value, index) => index === 0 || value < values[index - 1]!)).toBe(true);
  });

  it('rises over the warm-up and is never 0 there', () => {
    const values = factors('constant', 0.3, 0, 10);
    expect(values).toEqual([0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]);
  });
});
