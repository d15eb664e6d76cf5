import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { eloScale } from '#lib/domain/statistics/comparisons/elo';
import type { PairCount } from '#lib/domain/statistics/comparisons/pair-counts';
import { fitPairs, type StrengthOptions } from '#lib/domain/statistics/comparisons/strengths';

/** Strengths by item with standard errors; fails the test where they are undefined. */
function fitted(counts: readonly PairCount[], options: StrengthOptions = {}) {
  const fit = fitPairs(counts, options);
  if (!fit.defined) throw new Error(fit.reason);
  const by = new Map(
    fit.strengths.map(({ estimate, item, standardError }) => [
      item,
      { value: estimate.defined ? estimate.value : Number.NaN, standardError },
    ]),
  );
  return {
    ...fit,
    by,
    values: [...by.values()].map(({ value }) => value),
    errors: [...by.values()].map((each) => each.standardError ?? Number.NaN),
  };
}

function beats(names: readonly string[], matrix: readonly (readonly number[])[]): PairCount[] {
  return names.flatMap((first, row) =>
    names.slice(row + 1).map((second, offset) => {
      const column = row + 1 + offset;
      return { first, second, wins: matrix[row]![column]!, losses: matrix[column]![row]! };
    }),
  );
}

function near(values: readonly number[], expected: readonly number[], within = 1e-4) {
  expect(values.length).toBe(expected.length);
  for (const [index, value] of values.entries())
    expect(Math.abs(value - expected[index]!), `${index}: ${value}`).toBeLessThanOrEqual(within);
}

const teams = ['MIL', 'DET', 'TOR', 'NYY', 'BOS', 'CLE', 'BAL'];
const baseball = beats(teams, [
  [0, 7, 9, 7, 7, 9, 11],
  [6, 0, 7, 5, 11, 9, 9],
  [4, 6, 0, 7, 7, 8, 12],
  [6, 8, 6, 0, 6, 7, 10],
  [6, 2, 6, 7, 0, 7, 12],
  [4, 4, 5, 6, 6, 0, 6],
  [2, 4, 1, 3, 1, 7, 0],
]);

describe('Bradley-Terry on published data', () => {
  it('gives the strengths, errors and likelihood of the baseball teams (Agresti)', () => {
    const fit = fitted(baseball, { reference: 'BAL' });
    near(fit.values, [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0], 5.1e-5);
    near(fit.errors, [0.3433, 0.3396, 0.3367, 0.3359, 0.3339, 0.3319, 0], 5.1e-5);
    near([fit.logLikelihood, fit.deviance, fit.degreesOfFreedom, fit.n], [-172.2482, 15.7365, 15, 273], 5.1e-5);
    const other = fitted(baseball, { reference: 'DET' }).by.get('MIL')!;
    near([other.value, other.standardError!], [0.1449, 0.3111], 5.1e-5);
    near(fitted(baseball).values.map(eloScale), [1092.3, 1067.1, 1042.4, 1034.3, 1010, 936.4, 817.6], 0.051);
  });

  it('gives the citations of statistics journals (Stigler 1994)', () => {
    const names = ['Biometrika', 'CommStat', 'JASA', 'JRSS-B'];
    const fit = fitted(
      beats(names, [
        [0, 730, 498, 221],
        [33, 0, 68, 17],
        [320, 813, 0, 142],
        [284, 276, 325, 0],
      ]),
      { reference: 'Biometrika' },
    );
    near(fit.values, [0, -2.9491, -0.4796, 0.269], 5.1e-5);
    near(fit.errors, [0, 0.1025, 0.0606, 0.0708], 5.1e-5);
    near([fit.deviance, fit.degreesOfFreedom], [4.2933839699, 3], 1e-8);
  });

  it('regularises as choix does with alpha 1/2, and finds a cycle level', () => {
    const won = [
      [7, 3],
      [2, 0],
      [5, 2],
      [4, 2],
      [2, 1],
      [4, 5],
      [6, 3],
      [5, 4],
      [7, 0],
      [2, 3],
      [4, 0],
      [0, 4],
      [6, 5],
      [3, 2],
      [3, 4],
      [3, 4],
      [5, 2],
      [7, 3],
      [7, 6],
      [6, 5],
    ]; // prettier-ignore
    const counts = won.map(([first, second]) => ({ first: `${first}`, second: `${second}`, wins: 1, losses: 0 }));
    const undefinedFit = fitPairs(counts);
    expect(undefinedFit.defined === false && undefinedFit.reason).toContain('Ford 1957');
    const { by } = fitted(counts, { priorDeviation: 1 });
    near(
      [...'01234567'].map((item) => by.get(item)!.value),
      [-0.51974, -0.46281, -0.31377, -0.06855, -0.31851, -0.00346, 0.63033, 1.05651],
      5.1e-6,
    );
  });
});

const puddings = [
  [1, 2, 19, 22, 16],
  [1, 3, 16, 19, 12],
  [2, 3, 19, 19, 10],
  [1, 4, 18, 23, 13],
  [2, 4, 23, 19, 9],
  [3, 4, 19, 20, 15],
  [1, 5, 13, 19, 18],
  [2, 5, 16, 20, 12],
  [3, 5, 16, 15, 17],
  [4, 5, 17, 14, 16],
  [1, 6, 18, 21, 12],
  [2, 6, 22, 20, 12],
  [3, 6, 13, 18, 10],
  [4, 6, 14, 19, 18],
  [5, 6, 11, 21, 12],
] // prettier-ignore
  .map(([first, second, wins, losses, ties]) => ({ first: `${first}`, second: `${second}`, wins: wins!, losses: losses!, ties: ties! }));

function worths(values: readonly number[]): number[] {
  const sum = values.reduce((total, value) => total + Math.exp(value), 0);
  return values.map((value) => Math.exp(value) / sum);
}

describe('ties', () => {
  it('gives the worths of the puddings (Davidson 1970), and shrunk ones where ties are half wins', () => {
    const fit = fitted(puddings, { ties: 'davidson' });
    near(worths(fit.values), [0.1388, 0.173, 0.1617, 0.1654, 0.1587, 0.2024], 5.1e-5);
    near([fit.ties!.defined ? fit.ties!.value : 0, fit.logLikelihood, fit.n], [0.7468, -809.7095, 745], 5.1e-5);
    near(worths(fitted(puddings).values), [0.1461, 0.1715, 0.1633, 0.1659, 0.161, 0.1922], 5.1e-5);
  });

  it('has the closed form of two items, and says why it is undefined', () => {
    const two = [{ first: 'a', second: 'b', wins: 30, losses: 20, ties: 50 }];
    const fit = fitted(two, { ties: 'davidson', reference: 'a' });
    near([fit.values[1]!, fit.ties!.defined ? fit.ties!.value : 0], [Math.log(20 / 30), 50 / Math.sqrt(600)], 1e-9);
    // Rao and Kupper, two items: P(first) = .3, P(second) = .2, so a - t = logit .3 and -a - t = logit .2
    const rao = fitted(two, { ties: 'raoKupper', reference: 'a' });
    const logit = (p: number) => Math.log(p / (1 - p));
    near(
      [rao.values[1]!, rao.ties!.defined ? rao.ties!.value : 0],
      [(logit(0.2) - logit(0.3)) / 2, Math.exp(-(logit(0.2) + logit(0.3)) / 2)],
      1e-9,
    );
    expect(fitPairs([{ first: 'a', second: 'b', wins: 3, losses: 2 }], { ties: 'davidson' })).toMatchObject({ defined: false, n: 5 });
    // ties hold the two together, but nothing bounds how far they lie apart
    expect(fitPairs([{ first: 'a', second: 'b', wins: 30, losses: 0, ties: 20 }], { ties: 'davidson' })).toMatchObject({ defined: false });
  });
});

const shared = process.env.PLUMBLINE_TEST_DATA;
const folder = shared && path.join(shared, 'reference-statistics');

describe.skipIf(!folder || !existsSync(folder))('the sets of BradleyTerry2 (PLUMBLINE_TEST_DATA names the folder of the data)', () => {
  const read = (file: string) => {
    const bytes = readFileSync(path.join(folder!, file));
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim();
    return text
      .split('\n')
      .slice(1)
      .map((line) => [...line.matchAll(/"([^"]*)"|([^,]+)/g)].map((cell) => cell[1] ?? cell[2]!));
  };
  const expected = (folder ? JSON.parse(readFileSync(path.join(folder, 'bt_expected.json'), 'utf8')) : {}) as Record<
    string,
    { abilities: Record<string, { ability: number; se: number }>; deviance: number; df: number; at_home?: { coef: number; se: number } }
  >;
  const compare = (set: string, counts: PairCount[], options: StrengthOptions = {}) => {
    const { abilities, df, deviance } = expected[set]!;
    const reference = Object.entries(abilities).find(([, { se }]) => se === 0)![0];
    const fit = fitted(counts, { ...options, reference });
    expect(fit.by.size).toBe(Object.keys(abilities).length);
    for (const [item, { ability, se }] of Object.entries(abilities)) {
      const own = fit.by.get(item)!;
      expect(Math.abs(own.value - ability), item).toBeLessThan(1e-6);
      expect(Math.abs(own.standardError! - se), item).toBeLessThan(1e-5);
    }
    return { ...fit, expected: { deviance, df } };
  };

  it('citations', () => {
    const fit = compare(
      'citations',
      read('bt_citations.csv').map(([first, second, wins, losses]) => ({
        first: first!,
        second: second!,
        wins: Number(wins),
        losses: Number(losses),
      })),
    ); // prettier-ignore
    near([fit.deviance, fit.degreesOfFreedom], [fit.expected.deviance, fit.expected.df], 1e-6);
  });

  it('baseball, without and with the home advantage', () => {
    const counts = read('bt_baseball.csv').map(
      ([first, second, wins, losses]): PairCount => ({
        first: first!,
        second: second!,
        wins: Number(wins),
        losses: Number(losses),
        order: 1,
      }),
    ); // prettier-ignore
    compare('baseball', counts);
    const home = compare('baseball_home_advantage', counts, { order: true });
    near([home.deviance, home.degreesOfFreedom], [home.expected.deviance, home.expected.df], 1e-6);
    const { coef, se } = expected.baseball_home_advantage!.at_home!;
    if (!home.order?.defined) throw new Error('no order effect');
    near([home.order.value, (home.order.high - home.order.low) / 2 / 1.959963984540054], [coef, se], 1e-6);
  });

  it('ice hockey and flavours, with ties as halves', () => {
    const games = read('bt_icehockey.csv.gz').map(([, visitor, , opponent, , , result]): PairCount => {
      const won = Number(result);
      return { first: visitor!, second: opponent!, wins: Number(won === 1), losses: Number(won === 0), ties: Number(won === 0.5) };
    });
    expect(games.length).toBe(1083);
    compare('icehockey', games);
    const tastes = read('bt_springall.csv').map(([row, column, wins, losses, ties]) => ({
      first: column!,
      second: row!,
      wins: Number(wins),
      losses: Number(losses),
      ties: Number(ties),
    })); // prettier-ignore
    const fit = compare('springall_ties_as_half', tastes);
    near([fit.deviance, fit.degreesOfFreedom], [fit.expected.deviance, fit.expected.df], 1e-6);
  });
});
