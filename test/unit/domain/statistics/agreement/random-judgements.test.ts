import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { cohenKappaOfTable } from '#lib/domain/statistics/agreement/cohen';
import { kendallWOfRanks } from '#lib/domain/statistics/agreement/concordance';
import { fleissKappa } from '#lib/domain/statistics/agreement/fleiss';
import { krippendorffAlpha, type Metric } from '#lib/domain/statistics/agreement/krippendorff';
import { tauBOfTable } from '#lib/domain/statistics/agreement/pair-tau';
import { kendallTest } from '#lib/domain/statistics/agreement/rank-correlation';
import { pairwiseRankingAgreement } from '#lib/domain/statistics/agreement/ranking-agreement';
import { rankingPairs } from '#lib/domain/statistics/agreement/ranking-table';
import { chiSquareTail, fQuantile, fTail } from '#lib/domain/statistics/distribution';
import { wilsonInterval } from '#lib/domain/statistics/proportion';
import { byAnnotator, byItem, pointOf } from './tables';

interface Fixture {
  alpha: { rows: (number | null)[][]; alpha: Record<Metric, number> }[];
  fleiss: { counts: number[][]; kappa: number }[];
  cohen: { table: number[][]; kappas: [number, number, number] }[];
  concordance: { rows: number[][]; w: number }[];
  tau: { x: number[]; y: number[]; tau: number; p: number }[];
  rankings: { ranks: number[][]; half: number; exact: number; strict: number }[];
  wilson: [successes: number, trials: number, low: number, high: number][];
  distributions: {
    chiSquareTail: [number, number, number][];
    fTail: [number, number, number, number][];
    fQuantile: [number, number, number, number][];
  };
}

const file = path.resolve(import.meta.dirname, '../../../../fixtures/statistics/agreement.json');
const made = JSON.parse(readFileSync(file, 'utf8')) as Fixture;

describe('random judgements, as numpy and scipy have them', () => {
  it('alpha on four levels, with missing labels', () => {
    expect(made.alpha).toHaveLength(6);
    for (const { rows, alpha } of made.alpha)
      for (const [metric, value] of Object.entries(alpha))
        expect(pointOf(krippendorffAlpha(byAnnotator(rows), metric as Metric)), metric).toBeCloseTo(value, 12);
  });

  it('alpha over annotators: the same with each counted once, with each twice but for the correction for small samples', () => {
    for (const { rows, alpha } of made.alpha) {
      const table = byAnnotator(rows);
      for (const [metric, value] of Object.entries(alpha)) {
        const statistic = krippendorffAlpha(table, metric as Metric, 'annotator');
        expect(pointOf(statistic), metric).toBeCloseTo(value, 12);
        expect(Math.abs(statistic.at(new Int32Array(statistic.clusters).fill(2)) - value), metric).toBeLessThan(0.05);
      }
    }
  });

  it("Fleiss's kappa", () => {
    for (const { counts, kappa } of made.fleiss) {
      const table = byItem(counts.map((row) => row.flatMap((count, category) => Array<number>(count).fill(category))));
      expect(pointOf(fleissKappa(table))).toBeCloseTo(kappa, 12);
    }
  });

  it("Cohen's kappas", () => {
    for (const { table, kappas } of made.cohen)
      for (const [at, weights] of (['none', 'linear', 'quadratic'] as const).entries())
        expect(cohenKappaOfTable(Float64Array.from(table.flat()), table.length, weights)).toBeCloseTo(kappas[at] as number, 12);
  });

  it("Kendall's W", () => {
    for (const { rows, w } of made.concordance) expect(kendallWOfRanks(rows)).toBeCloseTo(w, 12);
  });

  it("Kendall's tau-b and p, pair by pair and from the table", () => {
    for (const { x, y, tau, p } of made.tau) {
      expect(kendallTest(x, y)).toMatchObject({ tau: expect.closeTo(tau, 12), p: expect.closeTo(p, 10) });
      const size = Math.max(...x, ...y) + 1;
      const cells = new Float64Array(size * size);
      for (const [at, row] of x.entries()) {
        const cell = row * size + (y[at] as number);
        cells[cell] = (cells[cell] as number) + 1;
      }
      expect(tauBOfTable(cells, size)).toBeCloseTo(tau, 12);
    }
  });

  it('pairwise agreement of rankings under three tie rules', () => {
    for (const { ranks, ...expected } of made.rankings) {
      const responses = (ranks[0] ?? []).map((_, at) => `r${at}`);
      const pairs = rankingPairs(ranks.map((each, annotator) => ({ item: 'i', annotator: `${annotator}`, responses, ranks: each })));
      for (const rule of ['half', 'exact', 'strict'] as const)
        expect(pointOf(pairwiseRankingAgreement(pairs, rule)), rule).toBeCloseTo(expected[rule], 12);
    }
  });

  it('intervals and distributions', () => {
    for (const [successes, trials, low, high] of made.wilson)
      expect(wilsonInterval(successes, trials)).toMatchObject({ low: expect.closeTo(low, 4), high: expect.closeTo(high, 4) });
    const { chiSquareTail: chi, fTail: f, fQuantile: quantiles } = made.distributions;
    for (const [x, df, p] of chi) expect(Math.abs(chiSquareTail(x, df) / p - 1), `chi-square ${x}`).toBeLessThan(1e-10);
    for (const [x, df1, df2, p] of f) expect(Math.abs(fTail(x, df1, df2) / p - 1), `F ${x}`).toBeLessThan(1e-10);
    for (const [p, df1, df2, x] of quantiles) expect(fQuantile(p, df1, df2), `F quantile ${p}`).toBeCloseTo(x, 10);
  });
});
