import { describe, expect, it } from 'vitest';
import { cohenKappaOfTable } from '#lib/domain/statistics/agreement/cohen';
import { kendallWOfRanks, kendallWTest } from '#lib/domain/statistics/agreement/concordance';
import { fleissKappa } from '#lib/domain/statistics/agreement/fleiss';
import { krippendorffAlpha, type Metric } from '#lib/domain/statistics/agreement/krippendorff';
import { mcNemar } from '#lib/domain/statistics/agreement/marginal-homogeneity';
import { meanItemAgreement } from '#lib/domain/statistics/agreement/observed';
import { kendallTauB, kendallTest, spearman } from '#lib/domain/statistics/agreement/rank-correlation';
import { binomialTest, wilsonInterval } from '#lib/domain/statistics/proportion';
import { byAnnotator, byItem, pointOf } from './tables';

const metrics: readonly Metric[] = ['nominal', 'ordinal', 'interval', 'ratio'];
const cells = (text: string) => text.split(' ').map((cell) => (cell === '*' ? null : Number(cell)));

describe('Krippendorff alpha', () => {
  it('is that of the example on Wikipedia: three annotators, missing labels', () => {
    const table = byAnnotator([
      cells('* * * * * 3 4 1 2 1 1 3 3 * 3'),
      cells('1 * 2 1 3 3 4 3 * * * * * * *'),
      cells('* * 2 1 3 4 4 * 2 1 1 3 3 * 4'),
    ]);
    const found = metrics.map((metric) => pointOf(krippendorffAlpha(table, metric)));
    for (const [at, value] of [0.691358024691358, 0.8067214199413153, 0.8108448928121059, 0.8089436707842471].entries())
      expect(found[at]).toBeCloseTo(value, 12);
  });

  it('is that of Krippendorff (2011): four annotators, five categories', () => {
    const table = byAnnotator([
      cells('1 2 3 3 2 1 4 1 2 * * *'),
      cells('1 2 3 3 2 2 4 1 2 5 * 3'),
      cells('* 3 3 3 2 3 4 2 2 5 1 *'),
      cells('1 2 3 3 2 4 4 1 2 5 1 *'),
    ]);
    const found = metrics.map((metric) => pointOf(krippendorffAlpha(table, metric)));
    for (const [at, value] of [0.743421052631579, 0.8153875037548814, 0.8491071428571428, 0.7974027747116121].entries())
      expect(found[at]).toBeCloseTo(value, 12);
  });

  it('takes an order of texts', () => {
    const order = ['very low', 'low', 'mid', 'high', 'very high'];
    const words = (text: string) => cells(text).map((cell) => (cell === null ? null : (order[cell - 1] as string)));
    const table = byAnnotator(
      [
        words('1 2 3 3 2 1 4 1 2 * * *'),
        words('1 2 3 3 2 2 4 1 2 5 * 3'),
        words('* 3 3 3 2 3 4 2 2 5 1 *'),
        words('1 2 3 3 2 4 4 1 2 5 1 *'),
      ],
      order,
    );
    expect(pointOf(krippendorffAlpha(table, 'ordinal'))).toBeCloseTo(0.8153875037548814, 12);
    expect(pointOf(krippendorffAlpha(table, 'nominal'))).toBeCloseTo(0.743421052631579, 12);
  });
});

describe('kappas', () => {
  it('gives the kappa of Fleiss on ten subjects, fourteen raters, five categories', () => {
    const counts = [
      [0, 0, 0, 0, 14],
      [0, 2, 6, 4, 2],
      [0, 0, 3, 5, 6],
      [0, 3, 9, 2, 0],
      [2, 2, 8, 1, 1],
      [7, 7, 0, 0, 0],
      [3, 2, 6, 3, 0],
      [2, 5, 3, 2, 2],
      [6, 5, 2, 1, 0],
      [0, 2, 2, 3, 7],
    ];
    const table = byItem(counts.map((row) => row.flatMap((count, category) => Array<number>(count).fill(category))));
    expect(pointOf(meanItemAgreement(table))).toBeCloseTo(0.378, 3);
    expect(pointOf(fleissKappa(table))).toBeCloseTo(0.20993, 5);
  });

  it('gives the kappas of Cohen with 60 % of equal labels each time', () => {
    const kappa = (...cell: number[]) => cohenKappaOfTable(Float64Array.from(cell), 2, 'none');
    expect(kappa(20, 5, 10, 15)).toBeCloseTo(0.4, 12);
    expect(kappa(45, 15, 25, 15)).toBeCloseTo(0.1304347826, 9);
    expect(kappa(25, 35, 5, 35)).toBeCloseTo(0.2592592593, 9);
  });

  it('gives the same kappa in one pass as over all cells', () => {
    const size = 4;
    const counts = Float64Array.from([7, 2, 0, 1, 3, 9, 4, 0, 1, 1, 6, 2, 0, 5, 2, 8]);
    const byCells = (distance: (row: number, column: number) => number) => {
      const sum = (of: (row: number, column: number) => number) =>
        counts.reduce((total, _, at) => total + of(Math.floor(at / size), at % size), 0);
      const [row, column] = [0, 1].map((axis) =>
        Array.from({ length: size }, (_, which) => sum((r, c) => ((axis === 0 ? r : c) === which ? (counts[r * size + c] as number) : 0))),
      ) as [number[], number[]];
      const total = sum((r, c) => counts[r * size + c] as number);
      const observed = sum((r, c) => (counts[r * size + c] as number) * distance(r, c));
      return 1 - (total * observed) / sum((r, c) => (row[r] as number) * (column[c] as number) * distance(r, c));
    };
    expect(cohenKappaOfTable(counts, size, 'none')).toBeCloseTo(
      byCells((r, c) => (r === c ? 0 : 1)),
      12,
    );
    expect(cohenKappaOfTable(counts, size, 'linear')).toBeCloseTo(
      byCells((r, c) => Math.abs(r - c)),
      12,
    );
    expect(cohenKappaOfTable(counts, size, 'quadratic')).toBeCloseTo(
      byCells((r, c) => (r - c) ** 2),
      12,
    );
  });
});

describe('rank correlation', () => {
  it('gives tau-b and p of the example of scipy, with ties', () => {
    const found = kendallTest([12, 2, 1, 12, 2], [1, 4, 7, 1, 0]);
    expect(found).toMatchObject({ exact: false });
    expect(found?.tau).toBeCloseTo(-0.4714045207910316, 12);
    expect(found?.p).toBeCloseTo(0.2827454599327748, 10);
  });

  it('counts permutations where nothing ties', () => {
    expect(kendallTauB([1, 2, 3, 4, 5], [3, 4, 1, 2, 5])).toBeCloseTo(0.2, 12);
    // 98 of the 120 permutations of five have four inversions or more, or six or fewer
    expect(kendallTest([1, 2, 3, 4, 5], [3, 4, 1, 2, 5])).toMatchObject({ exact: true, p: expect.closeTo(0.8166666666666667, 12) });
    expect(kendallTest([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])?.p).toBeCloseTo(2 / 120, 12);
    expect(kendallTest([1, 1, 1], [1, 2, 3])).toBeNull();
  });

  it('gives the concordance of Siegel (1956) and of tied ranks', () => {
    const judges = [
      [1, 6, 3, 2, 5, 4],
      [1, 5, 6, 4, 2, 3],
      [6, 3, 2, 5, 4, 1],
    ];
    const w = kendallWOfRanks(judges);
    expect(w).toBeCloseTo((12 * 25.5) / (9 * 210), 12);
    const rhos = [
      spearman(judges[0] as number[], judges[1] as number[]),
      spearman(judges[0] as number[], judges[2] as number[]),
      spearman(judges[1] as number[], judges[2] as number[]),
    ];
    expect(rhos.reduce((sum, rho) => sum + rho, 0) / 3).toBeCloseTo((3 * w - 1) / 2, 12);
    expect((3 * w - 1) / 2).toBeCloseTo(-0.2571, 4);
    expect(kendallWTest(w, 3, 6).chiSquare).toBeCloseTo(15 * w, 12);
    const tied = [
      [1, 2.5, 2.5, 4],
      [1, 2, 3, 4],
      [2, 1, 3.5, 3.5],
    ];
    expect(kendallWOfRanks(tied)).toBeCloseTo(0.8214285714, 9);
  });
});

describe('shares', () => {
  it('gives the exact tests of first position', () => {
    expect(binomialTest(60, 100)).toBeCloseTo(0.0569, 4);
    expect(binomialTest(540, 1000)).toBeCloseTo(0.01244, 5);
  });

  it('gives the test of McNemar', () => {
    expect(mcNemar(10, 25)).toMatchObject({ exactP: expect.closeTo(0.01667, 5), chiSquare: expect.closeTo(5.6, 12) });
    expect(mcNemar(0, 0)).toBeNull();
  });

  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('gives the interval of Wilson for %i of %i as Newcombe (1998) does', (successes, trials, low, high) => {
    expect(wilsonInterval(successes, trials)).toMatchObject({ low: expect.closeTo(low, 4), high: expect.closeTo(high, 4) });
  });
});
