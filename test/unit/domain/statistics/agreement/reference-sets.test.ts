import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cohenKappa, cohenTest, lightKappa, lightTest } from '#lib/domain/statistics/agreement/cohen';
import { completeTable, completeValues } from '#lib/domain/statistics/agreement/complete-table';
import { fisherMeanCorrelation, kendallW, kendallWTest, meanPearson, meanSpearman } from '#lib/domain/statistics/agreement/concordance';
import { congerKappa, fleissKappa, fleissKappaOf, fleissTest } from '#lib/domain/statistics/agreement/fleiss';
import {
  type IntraclassModel,
  type IntraclassType,
  type IntraclassUnit,
  intraclassCorrelation,
} from '#lib/domain/statistics/agreement/intraclass';
import { krippendorffAlpha, type Metric } from '#lib/domain/statistics/agreement/krippendorff';
import type { LabelTable } from '#lib/domain/statistics/agreement/label-table';
import { bhapkar, stuartMaxwell } from '#lib/domain/statistics/agreement/marginal-homogeneity';
import { unanimousAgreement } from '#lib/domain/statistics/agreement/observed';
import { pairedLabels } from '#lib/domain/statistics/agreement/paired-labels';
import { byItem, pointOf } from './tables';

const { PLUMBLINE_TEST_DATA } = process.env;
const folder = path.join(PLUMBLINE_TEST_DATA ?? '', 'reference-statistics');

function csv(name: string): LabelTable {
  const bytes = readFileSync(path.join(folder, name));
  const [, ...lines] = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim().split('\n');
  return byItem(lines.map((line) => line.split(',').map((cell) => (cell.startsWith('"') ? (JSON.parse(cell) as string) : Number(cell)))));
}

interface Expected {
  readonly value: number;
  readonly statistic: number;
  readonly p_value: number;
  readonly F: number;
  readonly df1: number;
  readonly df2: number;
  readonly lower: number;
  readonly upper: number;
  readonly detail: readonly (readonly number[])[];
}

describe.skipIf(!PLUMBLINE_TEST_DATA)('the sets of the R package irr (folder in PLUMBLINE_TEST_DATA)', () => {
  const read = <T>(name: string) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as T;
  const irr = PLUMBLINE_TEST_DATA ? read<Record<string, Expected>>('irr_expected.json') : {};
  const of = (name: string) => irr[name] as Expected;
  const tables = PLUMBLINE_TEST_DATA
    ? { diagnoses: csv('irr_diagnoses.csv'), anxiety: csv('irr_anxiety.csv'), video: csv('irr_video.csv') }
    : ({} as Record<'diagnoses' | 'anxiety' | 'video', LabelTable>);

  it('gives the kappas of Fleiss, overall, exact and per category, with their tests', () => {
    const { diagnoses } = tables;
    expect(pointOf(fleissKappa(diagnoses))).toBeCloseTo(of('fleiss_kappa_diagnoses').value, 10);
    expect(pointOf(congerKappa(completeTable(diagnoses)))).toBeCloseTo(of('fleiss_kappa_exact_diagnoses').value, 10);
    const test = fleissTest(diagnoses);
    expect(test?.overall.z).toBeCloseTo(of('fleiss_kappa_diagnoses').statistic, 8);
    for (const [category, [kappa = 0, z = 0]] of of('fleiss_kappa_per_category_diagnoses').detail.entries()) {
      expect(test?.categories[category]?.kappa).toBeCloseTo(kappa, 3);
      expect(test?.categories[category]?.z).toBeCloseTo(z, 3);
      expect(pointOf(fleissKappaOf(diagnoses, category))).toBeCloseTo(test?.categories[category]?.kappa ?? 0, 12);
    }
  });

  it('gives the kappa of Light with its test', () => {
    const complete = completeTable(tables.diagnoses);
    const value = pointOf(lightKappa(complete));
    const { statistic, p_value, ...expected } = of('light_kappa_diagnoses');
    expect(value).toBeCloseTo(expected.value, 10);
    expect(lightTest(complete, value)).toEqual({ z: expect.closeTo(statistic, 8), p: expect.closeTo(p_value, 8) });
  });

  it('gives the kappas of Cohen, weighted and not, with their tests', () => {
    const vision = csv('irr_vision.csv.gz');
    const cases: [string, LabelTable, number, number, 'none' | 'linear' | 'quadratic'][] = [
      ['cohen_kappa_anxiety_12', tables.anxiety, 0, 1, 'none'],
      ['cohen_kappa_anxiety_12_equal', tables.anxiety, 0, 1, 'linear'],
      ['cohen_kappa_anxiety_12_squared', tables.anxiety, 0, 1, 'quadratic'],
      // grades are texts whose order is that of their names
      ['cohen_kappa_vision_unweighted', vision, 0, 1, 'none'],
      ['cohen_kappa_vision_equal', { ...vision, ordered: true }, 0, 1, 'linear'],
      ['cohen_kappa_vision_squared', { ...vision, ordered: true }, 0, 1, 'quadratic'],
    ];
    for (let first = 0; first < 6; first += 1)
      for (let second = first + 1; second < 6; second += 1)
        cases.push([`cohen_kappa_diagnoses_r${first + 1}_r${second + 1}`, tables.diagnoses, first, second, 'none']);
    expect(cases).toHaveLength(21);
    for (const [name, table, first, second, weights] of cases) {
      const pair = pairedLabels(table, first, second);
      expect(pointOf(cohenKappa(pair, weights)), name).toBeCloseTo(of(name).value, 9);
      const test = cohenTest(pair, weights);
      expect(test?.z, name).toBeCloseTo(of(name).statistic, 7);
      expect(test?.p, name).toBeCloseTo(of(name).p_value, 9);
    }
  });

  it('gives the shares of items on which all agree', () => {
    expect(100 * pointOf(unanimousAgreement(tables.video))).toBeCloseTo(of('percent_agreement_video').value, 10);
    expect(100 * pointOf(unanimousAgreement(tables.video, 1))).toBeCloseTo(of('percent_agreement_video_tol1').value, 10);
    expect(100 * pointOf(unanimousAgreement(tables.diagnoses))).toBeCloseTo(of('percent_agreement_diagnoses').value, 9);
  });

  it.each([
    ['kendall_w_anxiety_ties', 'anxiety', true, 3],
    ['kendall_w_anxiety_no_tie_correction', 'anxiety', false, 3],
    ['kendall_w_video_ties', 'video', true, 4],
  ] as const)('gives the concordance %s', (name, set, corrected, raters) => {
    const w = pointOf(kendallW(completeTable(tables[set]), corrected));
    expect(w).toBeCloseTo(of(name).value, 10);
    expect(kendallWTest(w, raters, 20)).toMatchObject({
      chiSquare: expect.closeTo(of(name).statistic, 8),
      df: 19,
      p: expect.closeTo(of(name).p_value, 9),
    });
  });

  it('gives the mean correlations', () => {
    const complete = completeTable(tables.anxiety);
    const values = completeValues(complete, 'numbers') as Float64Array;
    const columns = [0, 1, 2].map((rater) => values.filter((_, at) => at % 3 === rater));
    for (const [name, kind, plain] of [
      ['mean_pearson_anxiety', 'pearson', meanPearson],
      ['mean_spearman_anxiety', 'spearman', meanSpearman],
    ] as const) {
      const { value, statistic, p_value } = of(name);
      expect(fisherMeanCorrelation(columns, kind)).toEqual({
        value: expect.closeTo(value, 9),
        z: expect.closeTo(statistic, 8),
        p: expect.closeTo(p_value, 9),
      });
      expect(pointOf(plain(complete))).toBeCloseTo(value, 1);
    }
  });

  it.each(
    (['oneway', 'twoway'] as const).flatMap((model) =>
      (['consistency', 'agreement'] as const).flatMap((type) =>
        (['single', 'average'] as const).map((unit): [IntraclassModel, IntraclassType, IntraclassUnit] => [model, type, unit]),
      ),
    ),
  )('gives the intraclass correlation %s %s %s with F and bounds', (model, type, unit) => {
    const values = completeValues(completeTable(tables.anxiety), 'numbers') as Float64Array;
    const expected = of(`icc_anxiety_${model}_${type}_${unit}`);
    const { estimate, test } = intraclassCorrelation(values, 3, { model, type, unit });
    expect(estimate).toMatchObject({
      defined: true,
      n: 20,
      value: expect.closeTo(expected.value, 9),
      low: expect.closeTo(expected.lower, 9),
      high: expect.closeTo(expected.upper, 9),
    });
    expect(test).toEqual({
      f: expect.closeTo(expected.F, 8),
      df1: expected.df1,
      df2: expect.closeTo(expected.df2, 7),
      p: expect.closeTo(expected.p_value, 9),
    });
  });

  it('gives the tests of marginal homogeneity', () => {
    const pair = pairedLabels(csv('irr_vision.csv.gz'), 0, 1);
    expect(stuartMaxwell(pair)).toMatchObject({
      chiSquare: expect.closeTo(of('stuart_maxwell_vision').value, 8),
      df: 3,
      p: expect.closeTo(of('stuart_maxwell_vision').p_value, 10),
    });
    expect(bhapkar(pair)).toMatchObject({
      chiSquare: expect.closeTo(of('bhapkar_vision').value, 8),
      df: 3,
      p: expect.closeTo(of('bhapkar_vision').p_value, 10),
    });
  });

  it('gives alpha from its definition, not the numbers of irr 0.84.1 without missing values', () => {
    const expected = read<{ krippendorff_from_fast_krippendorff: Record<string, { value: number }> }>('krippendorff_expected.json');
    let checked = 0;
    for (const [name, { value }] of Object.entries(expected.krippendorff_from_fast_krippendorff)) {
      const [set, metric] = name.split('_') as [keyof typeof tables, Metric];
      if (tables[set] === undefined) continue; // the examples in published-values.test.ts
      expect(pointOf(krippendorffAlpha(tables[set], metric)), name).toBeCloseTo(value, 12);
      checked += 1;
    }
    expect(checked).toBe(8);
  });
});
