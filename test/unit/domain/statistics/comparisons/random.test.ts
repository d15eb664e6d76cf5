import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { crowdBtUpdate } from '#lib/domain/statistics/annotators/crowd-bt';
import { dawidSkene } from '#lib/domain/statistics/annotators/dawid-skene';
import { fitRankings } from '#lib/domain/statistics/comparisons/plackett-luce';
import { fitPairs, type StrengthOptions } from '#lib/domain/statistics/comparisons/strengths';
import { binomialTest, jeffreysInterval, wilsonInterval } from '#lib/domain/statistics/proportion';

interface Tied {
  readonly wins: number[][];
  readonly ties: number[][];
  readonly theta: number[];
  readonly parameter: number;
}
interface Fixture {
  readonly bradleyTerry: readonly {
    readonly wins: number[][];
    readonly theta: number[];
    readonly errors: number[];
    readonly logLikelihood: number;
  }[];
  readonly regularised: readonly { readonly wins: number[][]; readonly reg: number; readonly theta: number[] }[];
  readonly davidson: readonly Tied[];
  readonly raoKupper: readonly Tied[];
  readonly plackettLuce: readonly { readonly orders: number[][]; readonly theta: number[]; readonly logLikelihood: number }[];
  readonly crowd: readonly { readonly before: number[]; readonly after: number[] }[];
  readonly intervals: readonly {
    readonly successes: number;
    readonly trials: number;
    readonly wilson: number[];
    readonly jeffreys: number[];
    readonly binomial: number;
  }[];
  readonly dawidSkene: readonly { readonly labels: number[][]; readonly prior: number[]; readonly logLikelihood: number }[];
}
// scripts/reference/make_comparison_fixtures.py
const file = path.resolve(import.meta.dirname, '../../../../fixtures/statistics/comparisons.json');
const fixture = JSON.parse(readFileSync(file, 'utf8')) as Fixture;

function fitted(wins: readonly number[][], ties: readonly number[][] | null, options: StrengthOptions) {
  const counts = wins.flatMap((row, a) =>
    row.flatMap((won, b) => (a < b ? [{ first: `${a}`, second: `${b}`, wins: won, losses: wins[b]![a]!, ties: ties?.[a]?.[b] ?? 0 }] : [])),
  );
  const fit = fitPairs(counts, options);
  if (!fit.defined) throw new Error(fit.reason);
  return fit;
}

function near(values: readonly number[], expected: readonly number[], within: number) {
  expect(values.length).toBe(expected.length);
  for (const [at, value] of values.entries())
    expect(Math.abs(value - expected[at]!), `${at}: ${value} for ${expected[at]}`).toBeLessThan(within);
}
const valuesOf = (fit: ReturnType<typeof fitted>) => fit.strengths.map(({ estimate }) => (estimate.defined ? estimate.value : Number.NaN));

describe('against independent implementations on random data', () => {
  it('Bradley-Terry, with and without a prior', () => {
    for (const { errors, logLikelihood, theta, wins } of fixture.bradleyTerry) {
      const fit = fitted(wins, null, { reference: '0' });
      near(valuesOf(fit), theta, 1e-5);
      near(
        fit.strengths.slice(1).map(({ standardError }) => standardError!),
        errors,
        1e-5,
      );
      near([fit.logLikelihood], [logLikelihood], 1e-6);
    }
    // reg |theta|^2 is a prior of variance 1 / (2 reg)
    for (const { reg, theta, wins } of fixture.regularised)
      near(valuesOf(fitted(wins, null, { priorDeviation: Math.sqrt(1 / (2 * reg)) })), theta, 1e-5);
  });

  it.each(['davidson', 'raoKupper'] as const)('%s', (ties) => {
    for (const each of fixture[ties]) {
      const fit = fitted(each.wins, each.ties, { ties, reference: '0' });
      near(valuesOf(fit), each.theta, 1e-4);
      near([fit.ties!.defined ? fit.ties!.value : Number.NaN], [each.parameter], 1e-4);
    }
  });

  it('Plackett-Luce', () => {
    for (const { logLikelihood, orders, theta } of fixture.plackettLuce) {
      const fit = fitRankings(orders.map((order) => Object.fromEntries(order.map((item, place) => [`${item}`, place + 1]))));
      if (!fit.defined) throw new Error(fit.reason);
      const by = new Map(fit.strengths.map(({ estimate, item }) => [item, estimate.defined ? estimate.value : Number.NaN]));
      near(
        theta.map((_, item) => by.get(`${item}`)!),
        theta,
        1e-5,
      );
      near([fit.logLikelihood], [logLikelihood], 1e-6);
    }
  });

  it('CrowdBT, Dawid and Skene, intervals', () => {
    for (const { after, before } of fixture.crowd) {
      const [alpha, beta, winner, winnerVariance, loser, loserVariance] = before as [number, number, number, number, number, number];
      const now = crowdBtUpdate({ alpha, beta }, { mean: winner, variance: winnerVariance }, { mean: loser, variance: loserVariance });
      near(
        [now.annotator.alpha, now.annotator.beta, now.winner.mean, now.winner.variance, now.loser.mean, now.loser.variance],
        after,
        1e-7,
      );
    }
    for (const { labels, logLikelihood, prior } of fixture.dawidSkene) {
      const fit = dawidSkene(
        labels.flatMap((row, item) => row.map((label, annotator) => ({ item: `${item}`, annotator: `${annotator}`, label: `${label}` }))),
      );
      if (!fit.defined) throw new Error(fit.reason);
      near(fit.prior, prior, 1e-4);
      near([fit.logLikelihood], [logLikelihood], 1e-6);
    }
    for (const { binomial, jeffreys, successes, trials, wilson } of fixture.intervals) {
      const own = [wilsonInterval(successes, trials), jeffreysInterval(successes, trials)].map((each) =>
        each.defined ? [each.low, each.high] : [],
      );
      near(own[0]!, wilson, 6e-5);
      if (successes > 0 && successes < trials) near(own[1]!, jeffreys, 1e-8);
      near([binomialTest(successes, trials)], [binomial], 1e-8);
    }
  });
});
