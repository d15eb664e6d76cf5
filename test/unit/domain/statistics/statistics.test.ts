import { describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { clusterBootstrap } from '#lib/domain/statistics/cluster';
import { pairedBootstrap, pairedDifference } from '#lib/domain/statistics/difference';
import { normalCdf, normalQuantile, studentCdf, studentQuantile } from '#lib/domain/statistics/distribution';
import { binomialTest, wilsonInterval } from '#lib/domain/statistics/proportion';
import { correlation, mean, quantile, standardDeviation, variance } from '#lib/domain/statistics/summary';

// Student's sleep data (Student 1908; R: datasets::sleep): extra hours of sleep of ten patients under two drugs.
const drug1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
const drug2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

describe('summary', () => {
  it('agrees with R on the sleep data', () => {
    expect(mean(drug1)).toBeCloseTo(0.75, 12);
    expect(mean(drug2)).toBeCloseTo(2.33, 12);
    expect(standardDeviation(drug1)).toBeCloseTo(1.78901, 5);
    expect(standardDeviation(drug2)).toBeCloseTo(2.002249, 6);
    expect(correlation(drug1, drug2)).toBeCloseTo(0.7951702, 7);
  });

  it('keeps digits far from zero and says NaN where there is nothing', () => {
    expect(variance([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16])).toBe(30);
    expect(variance([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16], 0)).toBe(22.5);
    expect(mean([])).toBeNaN();
    expect(variance([3])).toBeNaN();
    expect(correlation([1, 1], [0, 2])).toBeNaN();
  });

  it('interpolates quantiles as type 7 does', () => {
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
    expect(quantile([4, 1, 3, 2], 1)).toBe(4);
  });
});

describe('distributions', () => {
  it('gives the tabulated quantiles', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
    expect(normalQuantile(0.001)).toBeCloseTo(-3.090232306167813, 11);
    expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 13);
    expect(normalCdf(-3)).toBeCloseTo(0.00134989803163, 13);
    expect(studentQuantile(0.975, 9)).toBeCloseTo(2.26215716, 8);
    expect(studentQuantile(0.975, 1)).toBeCloseTo(12.7062047361747, 8);
    expect(2 * (1 - studentCdf(4.0621, 9))).toBeCloseTo(0.002833, 6);
  });

  it('agrees with the closed forms of one and two degrees of freedom', () => {
    for (const t of [-4, -0.3, 0, 1, 2.26, 5]) {
      expect(studentCdf(t, 1)).toBeCloseTo(0.5 + Math.atan(t) / Math.PI, 13);
      expect(studentCdf(t, 2)).toBeCloseTo(0.5 + t / (2 * Math.sqrt(2 + t * t)), 13);
    }
  });
});

describe('wilsonInterval', () => {
  // Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i', (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials);
    expect(interval).toMatchObject({ defined: true, n: trials, value: successes / trials });
    if (!interval.defined) throw new Error('undefined');
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it('says why it is undefined', () => {
    expect(wilsonInterval(0, 0)).toEqual({ defined: false, reason: 'nothing was counted', n: 0 });
  });
});

describe('binomialTest', () => {
  it.each([
    [60, 100, 0.0569],
    [540, 1000, 0.01244],
    [10, 35, 0.01667],
    [5, 10, 1],
  ])('%i of %i', (successes, trials, p) => {
    expect(Math.abs(binomialTest(successes, trials) - p)).toBeLessThan(5e-5);
  });

  it('handles an uneven coin', () => {
    // 0 of 5 at 0.2: 0.8^5 = 0.32768 plus the outcomes no likelier (2..5: 0.26272).
    expect(binomialTest(0, 5, 0.2)).toBeCloseTo(0.5904, 10);
  });
});

describe('paired difference', () => {
  it('reproduces t.test(paired = TRUE) on the sleep data', () => {
    const interval = pairedDifference(drug2, drug1);
    if (!interval.defined) throw new Error('undefined');
    expect(interval.value).toBeCloseTo(1.58, 12);
    expect(interval.low).toBeCloseTo(0.7001142, 7);
    expect(interval.high).toBeCloseTo(2.4598858, 7);
    expect(interval.n).toBe(10);
  });

  it('bootstraps near it, repeatably, and above zero', () => {
    const run = () => pairedBootstrap(drug2, drug1, { random: createRandom(1) });
    const interval = run();
    if (!interval.defined) throw new Error('undefined');
    expect(run()).toEqual(interval);
    // Percentile bootstrap of the mean: standard error sd/sqrt(n) * sqrt((n-1)/n) = 0.369 around 1.58.
    expect(interval.low).toBeGreaterThan(0.7);
    expect(interval.low).toBeLessThan(1.1);
    expect(interval.high).toBeGreaterThan(2.1);
    expect(interval.high).toBeLessThan(2.6);
  });

  it('refuses unequal numbers and names a single pair', () => {
    expect(() => pairedDifference([1, 2], [1])).toThrow(RangeError);
    expect(pairedDifference([1], [0])).toMatchObject({ defined: false, n: 1 });
  });
});

describe('clusterBootstrap', () => {
  it('covers the truth about as often as it says, where pairs of a prompt go together', () => {
    // Each of 40 prompts is wholly right with probability 0.7 (6 pairs each): pairs are fully dependent.
    let covered = 0;
    let wilsonCovered = 0;
    for (let world = 0; world < 200; world += 1) {
      const random = createRandom(world, 'world');
      const clusters = Array.from({ length: 40 }, () => ({ numerator: random.next() < 0.7 ? 6 : 0, denominator: 6 }));
      const interval = clusterBootstrap(clusters, { random: random.fork('bootstrap'), resamples: 400 });
      const naive = wilsonInterval(
        clusters.reduce((sum, cluster) => sum + cluster.numerator, 0),
        240,
      );
      if (!interval.defined || !naive.defined) throw new Error('undefined');
      if (interval.low <= 0.7 && 0.7 <= interval.high) covered += 1;
      if (naive.low <= 0.7 && 0.7 <= naive.high) wilsonCovered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(178);
    expect(wilsonCovered).toBeLessThan(150);
  });

  it('weighs prompts by their pairs and names too few', () => {
    const interval = clusterBootstrap(
      [
        { numerator: 3, denominator: 6 },
        { numerator: 1, denominator: 1 },
        { numerator: 0, denominator: 0 },
      ],
      { random: createRandom(2) },
    );
    expect(interval).toMatchObject({ defined: true, value: 4 / 7, n: 2 });
    expect(clusterBootstrap([{ numerator: 1, denominator: 1 }], { random: createRandom(2) })).toMatchObject({ defined: false, n: 1 });
  });
});
