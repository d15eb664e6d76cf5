import { describe, expect, it } from 'vitest';
import { bucketMetric } from '#lib/domain/metric-buckets';

const rows = (values: readonly (number | undefined)[]) =>
  values.map((value, index) => ({ step: index + 1, values: value === undefined ? ({} as Record<string, number>) : { loss: value } }));

describe('metric buckets', () => {
  it('keeps every row where there are few', () => {
    expect(bucketMetric(rows([3, 2, 1]), 'loss', 10)).toEqual([
      { step: 1, min: 3, max: 3, mean: 3, n: 1 },
      { step: 2, min: 2, max: 2, mean: 2, n: 1 },
      { step: 3, min: 1, max: 1, mean: 1, n: 1 },
    ]);
  });

  it('keeps a peak of one step however thin the curve is made', () => {
    const values = Array.from({ length: 1000 }, (_, index) => (index === 637 ? 50 : 1));
    const points = bucketMetric(rows(values), 'loss', 10);
    expect(points).toHaveLength(10);
    expect(points.filter((point) => point.max === 50)).toEqual([{ step: 700, min: 1, max: 50, mean: 1.49, n: 100 }]);
  });

  it('leaves a gap where there is nothing, and knows nothing of other metrics', () => {
    expect(bucketMetric(rows([1, undefined, undefined, undefined, 2]), 'loss', 5).map((point) => point.step)).toEqual([1, 5]);
    expect(bucketMetric(rows([1]), 'other', 5)).toEqual([]);
  });
});
