import { describe, expect, it } from 'vitest';
import { cohenKappa } from '#lib/domain/statistics/agreement/cohen';
import { fleissKappa } from '#lib/domain/statistics/agreement/fleiss';
import { krippendorffAlpha } from '#lib/domain/statistics/agreement/krippendorff';
import { comparableItems, labelTable } from '#lib/domain/statistics/agreement/label-table';
import { meanItemAgreement, observedAgreement, unanimousAgreement } from '#lib/domain/statistics/agreement/observed';
import { pairedLabels } from '#lib/domain/statistics/agreement/paired-labels';
import { preferenceReport } from '#lib/domain/statistics/agreement/preference-report';
import { preferenceRows } from '#lib/domain/statistics/agreement/ranking-table';
import { argumentLabels, pandalmLabels, wmtLabels, wmtPublished, wmtRankings } from '../../../../support/judgement-sets';
import { pointOf } from './tables';

const data = process.env.PLUMBLINE_TEST_DATA ?? '';

describe.skipIf(data === '')('published agreement from the raw judgements (folder in PLUMBLINE_TEST_DATA)', () => {
  it('of PandaLM: kappas .85, .88, .86, and the rest to ten digits', () => {
    const table = labelTable(pandalmLabels(data));
    const kappa = (first: number, second: number) => pointOf(cohenKappa(pairedLabels(table, first, second)));
    expect([kappa(0, 1), kappa(0, 2), kappa(1, 2)].map((each) => each.toFixed(2))).toEqual(['0.85', '0.88', '0.86']);
    expect(kappa(0, 1)).toBeCloseTo(0.8520226785, 10);
    expect(kappa(0, 2)).toBeCloseTo(0.8789438113, 10);
    expect(kappa(1, 2)).toBeCloseTo(0.8616614541, 10);
    expect(pointOf(fleissKappa(table))).toBeCloseTo(0.864175365, 10);
    expect(pointOf(krippendorffAlpha(table, 'nominal'))).toBeCloseTo(0.8642206852, 10);
    expect(pointOf(unanimousAgreement(table))).toBeCloseTo(0.8798798799, 10);
  });

  it.each(Object.entries(wmtPublished))('of WMT16 %s, from pairs and from rankings', (languages, published) => {
    for (const rows of [wmtLabels(data, languages), preferenceRows(wmtRankings(data, languages), 'shown')]) {
      const table = labelTable(rows);
      const { preferences } = preferenceReport(table, table.categories.indexOf('='));
      for (const which of ['inter', 'intra'] as const) {
        const { observed, expected, kappa, agree, comparable, ties, total } = preferences[which];
        const digits = [observed, expected, kappa].map((each) => Number(each?.toFixed(3)));
        expect([...digits, agree, comparable, ties, total], which).toEqual(published[which]);
      }
    }
  });

  it('of UKPConvArg1: 49,490 judgements of 3,686 workers', () => {
    const rows = argumentLabels(data);
    const table = labelTable(rows);
    expect([rows.length, table.items, table.annotators.length]).toEqual([49_490, 9919, 3686]);
    expect(pointOf(krippendorffAlpha(table, 'nominal'))).toBeCloseTo(0.260954, 6);
    expect(pointOf(meanItemAgreement(table))).toBeCloseTo(0.518251, 6);
    expect(pointOf(observedAgreement(table))).toBeCloseTo(0.518194, 6);
    const counts = new Map<string, number>();
    for (const { item } of rows) counts.set(item, (counts.get(item) ?? 0) + 1);
    const five = labelTable(rows.filter(({ item }) => counts.get(item) === 5));
    expect(comparableItems(five)).toBe(9814);
    expect(pointOf(fleissKappa(five))).toBeCloseTo(0.260763, 6);
  });
});
