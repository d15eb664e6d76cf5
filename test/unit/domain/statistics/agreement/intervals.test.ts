import { describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { cohenKappa, lightKappa } from '#lib/domain/statistics/agreement/cohen';
import { completeTable } from '#lib/domain/statistics/agreement/complete-table';
import { kendallW, meanPearson } from '#lib/domain/statistics/agreement/concordance';
import { congerKappa, fleissKappa } from '#lib/domain/statistics/agreement/fleiss';
import { intraclassCorrelation } from '#lib/domain/statistics/agreement/intraclass';
import { krippendorffAlpha } from '#lib/domain/statistics/agreement/krippendorff';
import { type LabelRow, labelTable } from '#lib/domain/statistics/agreement/label-table';
import { observedAgreement, observedAgreementByAnnotator, unanimousAgreement } from '#lib/domain/statistics/agreement/observed';
import { pairedLabels } from '#lib/domain/statistics/agreement/paired-labels';
import { estimate, estimateAll } from '#lib/domain/statistics/agreement/resample';
import { byAnnotator, byItem, estimateOf, pointOf } from './tables';

/** Three annotators who each see the true of three labels with probability .7, else any. */
function noisy(items: number, seed: number): LabelRow[] {
  const random = createRandom(seed, 'labels');
  return Array.from({ length: items }, (_, item) => {
    const truth = random.integer(3);
    return ['x', 'y', 'z'].map((annotator) => ({ item: `${item}`, annotator, label: random.next() < 0.7 ? truth : random.integer(3) }));
  }).flat();
}

describe('intervals', () => {
  it('hold the true agreement about as often as they say, and narrow with more items', () => {
    // two annotators agree if both see it (.49), or by chance otherwise (.51 / 3)
    const truth = 0.49 + 0.51 / 3;
    const held = Array.from({ length: 120 }, (_, seed) => {
      const found = estimateAll(
        { observed: observedAgreement(labelTable(noisy(80, seed))), alpha: krippendorffAlpha(labelTable(noisy(80, seed)), 'nominal') },
        { random: createRandom(seed, 'draws'), resamples: 300 },
      );
      const inside = (each: typeof found.alpha, value: number) => each.defined && each.low <= value && value <= each.high;
      return [inside(found.observed, truth), inside(found.alpha, 0.49)];
    });
    for (const which of [0, 1]) {
      const share = held.filter((each) => each[which]).length / held.length;
      expect(share).toBeGreaterThan(0.88);
      expect(share).toBeLessThan(0.995);
    }
    const width = (items: number) => {
      const found = estimateOf(krippendorffAlpha(labelTable(noisy(items, 3)), 'nominal'));
      return found.defined ? found.high - found.low : Number.NaN;
    };
    expect(width(50) / width(450)).toBeGreaterThan(2);
  });

  it('are wider where items come in groups that agree together', () => {
    const rows = noisy(300, 5);
    const copied = rows.flatMap((row) => [0, 1, 2, 3].map((copy) => ({ ...row, item: `${row.item}.${copy}` })));
    const wide = (table: readonly LabelRow[]) => {
      const found = estimateOf(observedAgreement(labelTable(table)));
      return found.defined ? { width: found.high - found.low, n: found.n } : { width: Number.NaN, n: 0 };
    };
    const grouped = wide(copied.map((row) => ({ ...row, group: row.item.split('.')[0] as string })));
    expect(grouped.n).toBe(300);
    expect(grouped.width / wide(copied).width).toBeGreaterThan(1.6);
    expect(grouped.width).toBeCloseTo(wide(rows).width, 1);
  });

  it('over annotators compare no copy of an annotator with another copy of him', () => {
    // x and y always differ, y and z always agree
    const table = byAnnotator([
      [1, 1, 1],
      [2, 2, 2],
      [2, 2, 2],
    ]);
    const statistic = observedAgreementByAnnotator(table);
    expect(pointOf(statistic)).toBeCloseTo(1 / 3, 12);
    expect(statistic.at(Int32Array.of(2, 1, 0))).toBe(0);
    expect(statistic.at(Int32Array.of(0, 2, 1))).toBe(1);
    expect(statistic.at(Int32Array.of(3, 0, 0))).toBeNaN();
    expect(estimateOf(statistic)).toMatchObject({ defined: true, n: 3, low: 0, high: 1 });
  });

  it('over annotators compare what one of them said twice once a copy', () => {
    const rows: LabelRow[] = [
      { item: 'i', annotator: 'x', label: 1 },
      { item: 'i', annotator: 'x', label: 1 },
      { item: 'i', annotator: 'y', label: 2 },
    ];
    const statistic = observedAgreementByAnnotator(labelTable(rows));
    expect(pointOf(statistic)).toBeCloseTo(1 / 3, 12);
    // two of x: 2 own pairs that agree, 4 with y that do not
    expect(statistic.at(Int32Array.of(2, 1))).toBeCloseTo(2 / 6, 12);
    const alpha = krippendorffAlpha(labelTable(rows), 'interval', 'annotator');
    expect(pointOf(alpha)).toBeCloseTo(pointOf(krippendorffAlpha(labelTable(rows), 'interval')), 12);
  });

  it("are Wilson's where every item says the same", () => {
    const table = byItem(Array.from({ length: 20 }, (_, item) => [item % 2, item % 2]));
    expect(estimateOf(observedAgreement(table))).toMatchObject({ value: 1, low: expect.closeTo(1 - 0.1611, 4), high: 1, n: 20 });
  });

  it('need the same clusters in one call', () => {
    const [small, large] = [
      byItem([[1, 1]]),
      byItem([
        [1, 1],
        [2, 2],
      ]),
    ];
    const options = { random: createRandom(1, 'x'), resamples: 100 };
    expect(() => estimateAll({ a: observedAgreement(small), b: observedAgreement(large) }, options)).toThrow(RangeError);
    expect(estimate(observedAgreement(small), options)).toEqual({
      defined: false,
      reason: 'an interval needs two items or more to compare',
      n: 1,
    });
  });
});

describe('undefined, and why', () => {
  const same = byItem([
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
  const apart = byAnnotator([
    [1, 2, null, null],
    [null, null, 1, 2],
  ]);

  it('where nothing varies', () => {
    const reason = 'no variation: every label is the same';
    for (const metric of ['nominal', 'ordinal', 'interval', 'ratio'] as const) {
      expect(estimateOf(krippendorffAlpha(same, metric))).toEqual({ defined: false, reason, n: 3 });
      expect(estimateOf(krippendorffAlpha(same, metric, 'annotator'))).toMatchObject({ defined: false, reason });
    }
    expect(estimateOf(fleissKappa(same))).toEqual({ defined: false, reason, n: 3 });
    expect(estimateOf(congerKappa(completeTable(same)))).toEqual({ defined: false, reason, n: 3 });
    expect(estimateOf(cohenKappa(pairedLabels(same, 0, 1)))).toMatchObject({ reason: 'no variation: both give every item the same label' });
    expect(estimateOf(kendallW(completeTable(same)))).toMatchObject({
      reason: 'no variation: an annotator gives every item the same label',
    });
    const same3 = byItem(Array.from({ length: 7 }, () => [0.1, 0.1, 0.1]));
    expect(estimateOf(meanPearson(completeTable(same3)))).toMatchObject({ defined: false });
    const twoway = { model: 'twoway', type: 'agreement', unit: 'single' } as const;
    expect(intraclassCorrelation([0.1, 0.1, 0.3, 0.3, 0.7, 0.7], 2, twoway).estimate).toMatchObject({
      reason: 'no interval: annotators never differ',
    });
    expect(intraclassCorrelation([0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 3, twoway).estimate).toMatchObject({
      reason: 'no variation: every number is the same',
    });
    expect(intraclassCorrelation([1, 1, 1, 1], 2, { model: 'twoway', type: 'agreement', unit: 'single' }).estimate).toMatchObject({
      defined: false,
    });
  });

  it('where nothing is compared', () => {
    expect(estimateOf(observedAgreement(apart))).toEqual({ defined: false, reason: 'no item has two labels', n: 0 });
    expect(estimateOf(krippendorffAlpha(apart, 'nominal'))).toEqual({ defined: false, reason: 'no item has two labels', n: 0 });
    expect(estimateOf(fleissKappa(apart))).toMatchObject({ reason: 'no item has two labels' });
    expect(estimateOf(lightKappa(completeTable(apart)))).toMatchObject({ reason: 'no item was labelled by every annotator' });
    expect(estimateOf(cohenKappa(pairedLabels(apart, 0, 1)))).toMatchObject({ reason: 'the two share no item' });
    expect(estimateOf(observedAgreement(same, 'own'))).toMatchObject({ reason: 'no annotator labelled an item twice' });
    expect(estimateOf(observedAgreement(labelTable([])))).toMatchObject({ defined: false, n: 0 });
  });

  it('where labels have no order, no distance, or no zero', () => {
    const texts = byItem([
      ['yes', 'no'],
      ['yes', 'yes'],
      ['no', 'no'],
    ]);
    expect(estimateOf(krippendorffAlpha(texts, 'ordinal'))).toMatchObject({ reason: 'labels are texts without an order' });
    expect(estimateOf(krippendorffAlpha(texts, 'interval'))).toMatchObject({ reason: 'labels are texts, not numbers' });
    expect(estimateOf(cohenKappa(pairedLabels(texts, 0, 1), 'linear'))).toMatchObject({ reason: 'labels are texts without an order' });
    expect(estimateOf(meanPearson(completeTable(texts)))).toMatchObject({ reason: 'labels are texts, not numbers' });
    expect(estimateOf(unanimousAgreement(texts, 1))).toMatchObject({ reason: 'labels are texts: they have no distance' });
    expect(
      estimateOf(
        krippendorffAlpha(
          byItem([
            [-1, 2],
            [3, 3],
          ]),
          'ratio',
        ),
      ),
    ).toMatchObject({ reason: 'a ratio scale has no values below zero' });
    expect(() => labelTable([{ item: 'i', annotator: 'x', label: 'low' }], ['high'])).toThrow('leaves out "low"');
  });

  it('takes the first label of an annotator where a statistic needs one', () => {
    const rows: LabelRow[] = [
      { item: 'i', annotator: 'x', label: 'a' },
      { item: 'j', annotator: 'x', label: 'b' },
      { item: 'i', annotator: 'y', label: 'a' },
      { item: 'i', annotator: 'y', label: 'b' },
      { item: 'j', annotator: 'y', label: 'b' },
    ];
    expect(pointOf(cohenKappa(pairedLabels(labelTable(rows), 0, 1)))).toBe(1);
    expect(pointOf(observedAgreement(labelTable(rows), 'own'))).toBe(0);
    expect(pointOf(observedAgreement(labelTable(rows), 'between'))).toBeCloseTo(2 / 3, 12);
    expect(pointOf(observedAgreement(labelTable(rows)))).toBeCloseTo(2 / 4, 12);
  });
});
