import { describe, expect, it } from 'vitest';
import { toCsv } from '../../../app/_components/charts/export';
import { extent, linePath, niceTicks, type Point, smooth } from '../../../app/_components/charts/scale';

describe('niceTicks', () => {
  it('are round and cover the range', () => {
    expect(niceTicks(0, 1, 4)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(niceTicks(-0.4, 12.9, 3)).toEqual([-5, 0, 5, 10, 15]);
    expect(niceTicks(0.1, 0.3, 2)).toEqual([0.1, 0.2, 0.3]);
  });

  it('are distinct for a constant, also one that differs by rounding', () => {
    for (const [low, high] of [
      [1.2, 1.2],
      [1.2, 1.2000000000000002],
      [0, 0],
    ] as const) {
      const ticks = niceTicks(low, high);
      expect(new Set(ticks).size).toBe(ticks.length);
      expect(ticks.length).toBeGreaterThan(1);
    }
  });
});

describe('smooth', () => {
  it('has no pull towards zero at the start, and leaves a constant alone', () => {
    const points: Point[] = [1, 2, 3].map((x) => [x, 5]);
    for (const [, y] of smooth(points, 0.9)) expect(y).toBeCloseTo(5, 12);
  });

  it('is the weighted mean: a = 1/2 over 2, 4 gives 2 and (2/4 + 4/2) / (3/4)', () => {
    const [first, second] = smooth(
      [
        [0, 2],
        [1, 4],
      ],
      0.5,
    );
    expect(first).toEqual([0, 2]);
    expect(second?.[1]).toBeCloseTo((0.5 * 0.5 * 2 + 0.5 * 4) / 0.75, 12);
  });

  it('keeps gaps', () => {
    expect(
      smooth(
        [
          [0, 1],
          [1, Number.NaN],
          [2, 1],
        ],
        0.5,
      ).map(([, y]) => y),
    ).toEqual([1, Number.NaN, 1]);
  });
});

describe('lines', () => {
  it('break at a gap and begin anew', () => {
    const same = (value: number) => value;
    expect(
      linePath(
        [
          [0, 1],
          [1, 2],
          [2, Number.NaN],
          [3, 4],
        ],
        same,
        same,
      ),
    ).toBe('M0.0 1.0L1.0 2.0M3.0 4.0');
  });

  it('know the extent of the finite values only', () => {
    expect(extent([3, Number.NaN, -1, Number.POSITIVE_INFINITY])).toEqual([-1, 3]);
    expect(extent([])).toBeNull();
  });
});

describe('toCsv', () => {
  it('quotes what needs it and leaves a gap empty', () => {
    expect(
      toCsv(
        ['step', 'a,b'],
        [
          [1, 'x "y"'],
          [2, null],
          [3, Number.NaN],
        ],
      ),
    ).toBe('step,"a,b"\r\n1,"x ""y"""\r\n2,\r\n3,\r\n');
  });

  it('hands no formula to a spreadsheet, and keeps negative numbers', () => {
    expect(toCsv(['x'], [['=cmd()'], ['@a'], [-1.5]])).toBe("x\r\n'=cmd()\r\n'@a\r\n-1.5\r\n");
  });
});
