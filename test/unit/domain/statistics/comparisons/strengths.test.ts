import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '#lib/domain/random';
import { arenaRanks, arenaTable } from '#lib/domain/statistics/comparisons/arena';
import { eloAfter, eloExpected, eloInOrder, eloScale } from '#lib/domain/statistics/comparisons/elo';
import { type PairCount, pairsOfRanking } from '#lib/domain/statistics/comparisons/pair-counts';
import { fitRankings } from '#lib/domain/statistics/comparisons/plackett-luce';
import { choiceLogLikelihood, choiceTerms } from '#lib/domain/statistics/comparisons/plackett-luce-terms';
import { fitPairs, type StrengthOptions } from '#lib/domain/statistics/comparisons/strengths';
import { winRates } from '#lib/domain/statistics/comparisons/win-rates';
import type { Estimate } from '#lib/domain/statistics/estimate';

const told = (estimate: Estimate | null | undefined) =>
  estimate?.defined ? estimate : { value: Number.NaN, low: Number.NaN, high: Number.NaN, n: 0 };

function strengths(counts: readonly PairCount[], options: StrengthOptions = {}) {
  const fit = fitPairs(counts, options);
  if (!fit.defined) throw new Error(fit.reason);
  return { ...fit, by: new Map(fit.strengths.map((each) => [each.item, each])) };
}

/** Judgements of four systems; a task's judgements share a shift, so that they go together. */
function clustered(random: Random, tasks: number, shift: number): PairCount[] {
  const theta = [0, 0.4, 0.8, 1.2];
  return Array.from({ length: tasks }, (_, task) => task).flatMap((task) => {
    const own = theta.map((value) => value + shift * random.normal());
    return Array.from({ length: 5 }, (_, judge): PairCount => {
      const a = random.integer(4);
      const b = (a + 1 + random.integer(3)) % 4;
      const won = random.next() < 1 / (1 + Math.exp(own[b]! - own[a]!));
      return { first: `s${a}`, second: `s${b}`, wins: Number(won), losses: Number(!won), task: `${task}`, annotator: `${judge}` };
    });
  });
}

describe('intervals of strengths', () => {
  it('widen where judgements of a task go together, by sandwich and by bootstrap alike', () => {
    const counts = clustered(createRandom(1, 'clustered'), 150, 1.5);
    const model = strengths(counts, { reference: 's0' });
    const sandwich = strengths(counts, { reference: 's0', interval: { sandwich: 'task' } });
    const bootstrap = strengths(counts, { reference: 's0', interval: { bootstrap: 'task', random: createRandom(2), resamples: 200 } });
    const width = (fit: typeof model, item: string) => told(fit.by.get(item)!.estimate).high - told(fit.by.get(item)!.estimate).low;
    for (const item of ['s1', 's2', 's3']) {
      expect(told(sandwich.by.get(item)!.estimate).value).toBe(told(model.by.get(item)!.estimate).value);
      expect(width(sandwich, item) / width(model, item)).toBeGreaterThan(1.05);
      expect(width(bootstrap, item) / width(sandwich, item)).toBeGreaterThan(0.8);
      expect(width(bootstrap, item) / width(sandwich, item)).toBeLessThan(1.25);
    }
    expect(told(sandwich.by.get('s1')!.estimate).n).toBe(150);
    expect(told(model.by.get('s1')!.estimate).n).toBe(750);
    expect(told(strengths(counts, { interval: { sandwich: 'annotator' } }).by.get('s1')!.estimate).n).toBe(5);
    // single judgements that do not go together: the sandwich is the model's own
    const alone = clustered(createRandom(3, 'clustered'), 400, 0).map(({ task: _, ...count }) => count);
    const [plain, robust] = [strengths(alone), strengths(alone, { interval: { sandwich: 'task' } })];
    for (const item of ['s0', 's3']) expect(Math.abs(width(robust, item) / width(plain, item) - 1)).toBeLessThan(0.1);
  });

  it('covers the truth as often as said', () => {
    let inside = 0;
    for (let world = 0; world < 60; world += 1) {
      const fit = strengths(clustered(createRandom(world, 'coverage'), 60, 0), { reference: 's0' });
      for (const [at, item] of ['s1', 's2', 's3'].entries()) {
        const { high, low } = told(fit.by.get(item)!.estimate);
        if (low <= 0.4 * (at + 1) && 0.4 * (at + 1) <= high) inside += 1;
      }
    }
    expect(inside / 180).toBeGreaterThan(0.9);
  });

  it('finds what it is worth to be shown first', () => {
    const random = createRandom(4, 'order');
    const counts = Array.from({ length: 1500 }, (): PairCount => {
      const a = random.integer(4);
      const b = (a + 1 + random.integer(3)) % 4;
      const order = random.next() < 0.5 ? 1 : -1;
      const won = random.next() < 1 / (1 + Math.exp(0.4 * (b - a) - 0.5 * order));
      return { first: `s${a}`, second: `s${b}`, wins: Number(won), losses: Number(!won), order };
    });
    const fit = strengths(counts, { order: true, reference: 's0' });
    expect(told(fit.order).low).toBeLessThan(0.5);
    expect(told(fit.order).high).toBeGreaterThan(0.5);
    expect(told(fit.order).low).toBeGreaterThan(0.3);
    // turned round, everything is the same
    const turned = counts.map(
      ({ first, losses, order, second, wins }): PairCount => ({
        first: second,
        second: first,
        wins: losses,
        losses: wins,
        order: -order! as 1 | -1,
      }),
    );
    expect(told(strengths(turned, { order: true }).order).value).toBeCloseTo(told(fit.order).value, 8);
  });

  it('says why there are none', () => {
    const reason = (counts: readonly PairCount[], options: StrengthOptions = {}) => {
      const fit = fitPairs(counts, options);
      return fit.defined ? 'defined' : fit.reason;
    };
    const win = (first: string, second: string): PairCount => ({ first, second, wins: 1, losses: 0 });
    expect(reason([])).toBe('two items or more have to be compared');
    expect(reason([win('a', 'b'), win('b', 'c')])).toContain('3 groups');
    expect(reason([win('a', 'b'), win('b', 'a'), win('c', 'd'), win('d', 'c')])).toContain('2 groups');
    expect(reason([win('a', 'b'), win('b', 'c'), win('c', 'a')])).toBe('defined');
    expect(reason([win('a', 'b'), win('b', 'a')], { order: true })).toContain('what had the advantage');
    expect(reason([win('a', 'b'), win('b', 'a')], { reference: 'z' })).toContain('never compared');
    expect(reason([win('a', 'b'), win('b', 'a')], { interval: { sandwich: 'task' } })).toBe('defined');
    expect(
      reason(
        [
          { ...win('a', 'b'), task: 't' },
          { ...win('b', 'a'), task: 't' },
        ],
        { interval: { sandwich: 'task' } },
      ),
    ).toContain('two or more');
    expect(() => fitPairs([win('a', 'a')])).toThrow(RangeError);
    expect(() => fitPairs([{ first: 'a', second: 'b', wins: -1, losses: 0 }])).toThrow(RangeError);
  });
});

describe('rankings', () => {
  it('gives the published likelihood of Plackett-Luce, and refuses ties unless they are averaged', () => {
    const one = choiceTerms(4, [{ ranks: [1, 2, 3, 4], weight: 1 }]);
    expect(-choiceLogLikelihood(one, [2, 1, 0, -1])).toBeCloseTo(1.161057, 6);
    // a tie of two above a third: the mean of both orders
    const tied = choiceLogLikelihood(choiceTerms(3, [{ ranks: [1, 1, 2], weight: 1 }]), [0.3, -0.2, 0.5]);
    const orders = [
      [1, 2, 3],
      [2, 1, 3],
    ].map((ranks) => choiceLogLikelihood(choiceTerms(3, [{ ranks, weight: 1 }]), [0.3, -0.2, 0.5]));
    expect(tied).toBeCloseTo((orders[0]! + orders[1]!) / 2, 12);
    const cycle = [
      { a: 1, b: 2, c: 3 },
      { b: 1, c: 2, a: 3 },
      { c: 1, a: 2, b: 3 },
    ];
    const level = fitRankings(cycle);
    for (const { estimate } of level.defined ? level.strengths : []) expect(told(estimate).value).toBeCloseTo(0, 9);
    expect(fitRankings([{ a: 1, b: 1, c: 2 }])).toMatchObject({ defined: false, n: 1 });
    expect(fitRankings([...cycle, { a: 1, b: 1, c: 2 }], { ties: 'average' })).toMatchObject({ defined: true, n: 4 });
    expect(fitRankings([{ a: 1, b: 2 }])).toMatchObject({ defined: false });
  });

  it('turns a ranking into pairs with what was shown first', () => {
    expect(pairsOfRanking({ ranks: { a: 1, b: 2, c: 2 }, shown: { a: 1, b: 0, c: 2 } }, { task: 't', annotator: 'k' })).toEqual([
      { first: 'a', second: 'b', wins: 1, losses: 0, ties: 0, order: -1, task: 't', annotator: 'k' },
      { first: 'a', second: 'c', wins: 1, losses: 0, ties: 0, order: 1, task: 't', annotator: 'k' },
      { first: 'b', second: 'c', wins: 0, losses: 0, ties: 1, order: 1, task: 't', annotator: 'k' },
    ]);
  });
});

describe('arena', () => {
  it('has the expectations and the tournament of Elo', () => {
    expect([0, 100, 200, 400].map((lead) => Math.round(eloExpected(lead) * 1e6) / 1e6)).toEqual([0.5, 0.640065, 0.759747, 0.909091]);
    const scores = [0, 0.5, 1, 1, 0];
    const games = [1609, 1477, 1388, 1586, 1720].map((opponent, at) => ({ opponent, score: scores[at]! }));
    expect(games.reduce((sum, { opponent }) => sum + eloExpected(1613 - opponent), 0)).toBeCloseTo(2.8666, 3);
    expect(Math.round(eloAfter(1613, games))).toBe(1601);
    const game = (first: string, second: string, score: 1 | 0) => ({ first, second, score });
    const forth = eloInOrder([game('a', 'b', 1), game('a', 'b', 0)]);
    const back = eloInOrder([game('a', 'b', 0), game('a', 'b', 1)]);
    expect(forth.get('a')).toBeLessThan(1000);
    expect(back.get('a')).toBeGreaterThan(1000);
    expect(eloScale(0)).toBe(1000);
    expect(eloScale(Math.LN10)).toBeCloseTo(1400, 10);
  });

  it('ranks what cannot be told apart alike, whatever the order of the games', () => {
    const estimate = (low: number, high: number): Estimate => ({ defined: true, value: (low + high) / 2, low, high, n: 9, level: 0.95 });
    expect(arenaRanks([estimate(8, 10), estimate(6, 9), estimate(3, 7), estimate(0, 2)])).toEqual([1, 1, 2, 4]);
    const counts = clustered(createRandom(5, 'arena'), 200, 0);
    const table = arenaTable(counts);
    if (!table.defined) throw new Error(table.reason);
    expect(table.rows.map(({ item }) => item)).toEqual(['s3', 's2', 's1', 's0']);
    expect(table.rows[0]).toMatchObject({ rank: 1 });
    expect(table.rows.reduce((sum, { rating }) => sum + told(rating).value, 0) / 4).toBeCloseTo(1000, 6);
    const again = arenaTable([...counts].reverse());
    for (const row of again.defined ? again.rows : []) {
      expect(told(row.rating).value).toBeCloseTo(told(table.rows.find(({ item }) => item === row.item)!.rating).value, 6);
    }
    expect(arenaTable([])).toMatchObject({ defined: false });
  });

  it('counts wins with half of the ties', () => {
    const [a] = winRates([{ first: 'a', second: 'b', wins: 3, losses: 1, ties: 2, task: 't' }]);
    expect(a).toMatchObject({ item: 'a', wins: 3, losses: 1, ties: 2, rate: { value: 4 / 6, n: 6 } });
    expect(winRates([{ first: 'a', second: 'b', wins: 1, losses: 0, task: 't' }], 0.95, createRandom(1))[0]!.rate).toMatchObject({
      defined: false,
    });
  });
});

const shared = process.env.PLUMBLINE_TEST_DATA;
const folder = shared && path.join(shared, 'wmt16-rankings');

describe.skipIf(!folder || !existsSync(folder))('WMT16 systems (PLUMBLINE_TEST_DATA names the folder of the data)', () => {
  it.each(['tur-eng', 'eng-tur', 'ron-eng', 'eng-ron'])('%s: Bradley-Terry orders systems as the official ranking does', (pair) => {
    const rows = gunzipSync(readFileSync(path.join(folder!, `wmt16.${pair}.csv.gz`)))
      .toString('utf8')
      .trim()
      .split('\n')
      .slice(1); // prettier-ignore
    const counts = rows.map((row): PairCount => {
      const [, , , , judge, first, rankFirst, second, rankSecond, task] = row.split(',');
      const lead = Number(rankSecond) - Number(rankFirst);
      return {
        first: first!,
        second: second!,
        wins: Number(lead > 0),
        losses: Number(lead < 0),
        ties: Number(lead === 0),
        task: task!,
        annotator: judge!,
      };
    });
    const official = readFileSync(path.join(folder!, `trueskill.${pair}.txt`), 'utf8')
      .trim()
      .split('\n'); // prettier-ignore
    const clusters = new Map<string, { cluster: number; mean: number }>();
    let cluster = 0;
    for (const line of official) {
      const score = /^\s*(\S+)\s+(-?[0-9.]+)/.exec(line);
      if (line.includes('++++')) cluster += 1;
      else if (score) clusters.set(score[1]!, { cluster, mean: Number(score[2]) });
    }
    const names = [...new Set(counts.flatMap(({ first, second }) => [first, second]))];
    expect(clusters.size).toBeGreaterThan(3);
    expect(names.every((name) => clusters.has(name))).toBe(true);
    const table = arenaTable(counts, { ties: 'davidson', interval: { sandwich: 'task' } });
    if (!table.defined) throw new Error(table.reason);
    const order = table.rows.map(({ item }) => clusters.get(item)!);
    // systems of different official clusters stand in the official order
    for (const [at, { cluster: own }] of order.entries()) {
      for (const { cluster: below } of order.slice(at + 1)) expect(own).toBeLessThanOrEqual(below);
    }
  });
});
