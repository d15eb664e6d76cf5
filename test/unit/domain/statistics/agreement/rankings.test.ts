import { describe, expect, it } from 'vitest';
import { labelTable } from '#lib/domain/statistics/agreement/label-table';
import { preferenceCounts, preferenceKappa, preferenceTable } from '#lib/domain/statistics/agreement/preference-agreement';
import {
  meanKendallW,
  meanTau,
  meanTauB,
  pairwiseRankingAgreement,
  topAgreement,
} from '#lib/domain/statistics/agreement/ranking-agreement';
import { preferenceRows, type RankingRow, rankingPairs } from '#lib/domain/statistics/agreement/ranking-table';
import { estimateOf, pointOf } from './tables';

const responses = ['a', 'b', 'c', 'd'];
const row = (item: string, annotator: string, ranks: (number | null)[], ids = responses): RankingRow => ({
  item,
  annotator,
  responses: ids,
  ranks,
});

describe('agreement of rankings', () => {
  const three = [row('i', 'x', [1, 2, 2, 4]), row('i', 'y', [1, 3, 2, 4]), row('i', 'z', [2, 1, 3, 3])];

  it('counts pairs under three tie rules', () => {
    const pairs = rankingPairs(three);
    // 18 comparisons: 11 prefer alike, 3 differ, 4 have one tie
    expect(pointOf(pairwiseRankingAgreement(pairs, 'half'))).toBeCloseTo(13 / 18, 12);
    expect(pointOf(pairwiseRankingAgreement(pairs, 'strict'))).toBeCloseTo(11 / 14, 12);
    expect(pointOf(pairwiseRankingAgreement(pairs, 'exact'))).toBeCloseTo(11 / 18, 12);
    expect(pointOf(meanTau(pairs))).toBeCloseTo((2 * 13) / 18 - 1, 12);
  });

  it('is the mean of tau where nothing ties, whatever the order shown', () => {
    const rows = [
      row('i', 'x', [1, 2, 3, 4]),
      // the same answers shown the other way round: a 2nd, b 1st, c 3rd, d 4th
      row('i', 'y', [4, 3, 1, 2], ['d', 'c', 'b', 'a']),
      row('i', 'z', [4, 3, 2, 1]),
    ];
    const taus = [1 - 2 / 6, -1, -(1 - 2 / 6)];
    const mean = taus.reduce((sum, tau) => sum + tau, 0) / 3;
    expect(pointOf(meanTau(rankingPairs(rows)))).toBeCloseTo(mean, 12);
    expect(pointOf(meanTauB(rankingPairs(rows)))).toBeCloseTo(mean, 12);
    expect(pointOf(topAgreement(rankingPairs(rows)))).toBe(0);
  });

  it('compares only answers that both ranked', () => {
    const rows = [
      row('i', 'x', [1, null, 2, 3]),
      row('i', 'y', [1, 2, null, 3]),
      row('j', 'x', [1, 2, null, null]),
      row('j', 'y', [null, null, 1, 2]),
    ];
    const pairs = rankingPairs(rows);
    // a and d of item i only
    expect(pointOf(pairwiseRankingAgreement(pairs, 'exact'))).toBe(1);
    expect(pairwiseRankingAgreement(pairs, 'exact').n).toBe(1);
    expect(pointOf(topAgreement(pairs))).toBe(1);
  });

  it('gives shared first places their part', () => {
    const pairs = rankingPairs([
      row('i', 'x', [1, 1, 2, 2]),
      row('i', 'y', [1, 2, 3, 4]),
      row('j', 'x', [1, 1, 2, 2]),
      row('j', 'y', [1, 1, 1, 2]),
    ]);
    expect(pointOf(topAgreement(pairs))).toBeCloseTo((1 / 2 + 2 / 3) / 2, 12);
  });

  it("takes Kendall's W item by item", () => {
    const rows = [
      row('i', 'x', [1, 2, 3, 4]),
      row('i', 'y', [1, 2, 3, 4]),
      row('j', 'x', [1, 2, 3, 4]),
      row('j', 'y', [4, 3, 2, 1]),
      row('k', 'x', [1, 1, 1, 1]),
      row('k', 'y', [1, 1, 1, 1]),
    ];
    expect(pointOf(meanKendallW(rows))).toBeCloseTo(0.5, 12);
    expect(meanKendallW(rows).n).toBe(2);
  });

  it('keeps what one annotator says twice apart from what two say', () => {
    const rows = [
      row('i', 'x', [1, 2, 3, 4]),
      row('i', 'x', [1, 2, 4, 3]),
      row('i', 'y', [4, 3, 2, 1]),
      row('j', 'x', [1, 2, 3, 4]),
      row('j', 'y', [1, 2, 3, 4]),
    ];
    const pairs = rankingPairs(rows);
    expect(pointOf(pairwiseRankingAgreement(pairs, 'half', 'item', 'own'))).toBeCloseTo(5 / 6, 12);
    // item i: 0 of 6 and 1 of 6; item j: 6 of 6
    expect(pointOf(pairwiseRankingAgreement(pairs, 'half'))).toBeCloseTo(7 / 18, 12);
    // annotator x counted twice doubles pairs between the two, not the share; without y nothing is left
    const byAnnotator = pairwiseRankingAgreement(pairs, 'half', 'annotator');
    expect(byAnnotator.at(Int32Array.of(2, 1))).toBeCloseTo(7 / 18, 12);
    expect(byAnnotator.at(Int32Array.of(2, 0))).toBeNaN();
  });

  it('says why there is nothing to compare', () => {
    const alone = rankingPairs([row('i', 'x', [1, 2, 3, 4])]);
    expect(estimateOf(pairwiseRankingAgreement(alone, 'half'))).toEqual({ defined: false, reason: 'no item has two rankings', n: 0 });
    const tied = rankingPairs([row('i', 'x', [1, 1, 1, 1]), row('i', 'y', [1, 1, 1, 1])]);
    expect(estimateOf(pairwiseRankingAgreement(tied, 'strict'))).toMatchObject({
      defined: false,
      reason: 'no pair of answers on which neither ties',
    });
    expect(estimateOf(meanTauB(tied))).toMatchObject({ defined: false, reason: 'no two rankings of an item that each tell answers apart' });
    expect(estimateOf(pairwiseRankingAgreement(tied, 'half', 'item', 'own'))).toMatchObject({
      defined: false,
      reason: 'no annotator ranked an item twice',
    });
  });

  it('turns rankings into preferences, in the order shown or in any', () => {
    const rows = [row('i', 'x', [1, 1, 2], ['a', 'b', 'c']), row('i', 'y', [2, 1, null], ['c', 'a', 'b'])];
    expect(preferenceRows(rows, 'shown').map(({ item, label }) => `${item} ${label}`)).toEqual([
      '["a","b"] =',
      '["a","c"] <',
      '["b","c"] <',
      '["c","a"] >',
    ]);
    expect(preferenceRows(rows, 'any').map(({ item, label }) => `${item} ${label}`)).toEqual([
      '["a","b"] =',
      '["a","c"] <',
      '["b","c"] <',
      '["a","c"] <',
    ]);
    const table = labelTable(preferenceRows(rows, 'any'));
    const counted = preferenceTable(table, table.categories.indexOf('='), 'all');
    expect(preferenceCounts(counted)).toEqual({ agree: 1, comparable: 1, ties: 1, total: 4 });
    const chance = 1 / 16 + 9 / 32;
    expect(pointOf(preferenceKappa(counted))).toBeCloseTo((1 - chance) / (1 - chance), 12);
  });
});
