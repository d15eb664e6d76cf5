import type { Random } from '#lib/domain/random';
import { normalQuantile } from '../distribution';
import type { Estimate } from '../estimate';
import { quantile } from '../summary';
import { type Fit, type FitSettings, fitCovariance, fitStrengths, orderAt, pairScore, parameterCount, tieAt } from './fit-strengths';
import { type PairCount, type PairTable, pairTable } from './pair-counts';
import { sandwiched } from './symmetric';
import { davidson, halfWins, raoKupper } from './tie-models';
import { whyUndefined } from './win-graph';

/** What an interval allows for: chance of single judgements (the model's), or that judgements of one task or one annotator go together. */
type IntervalKind =
  | 'model'
  | { readonly sandwich: 'task' | 'annotator' }
  | { readonly bootstrap: 'task' | 'annotator'; readonly random: Random; readonly resamples?: number };

export interface StrengthOptions {
  /** What a tie is; half a win and half a loss by default, which shrinks strengths towards each other where ties are many. */
  readonly ties?: 'half' | 'davidson' | 'raoKupper';
  /** Learn what it is worth to be shown first (or to be at home): `PairCount.order`. */
  readonly order?: boolean;
  /** The item of strength 0; without it strengths sum to 0. */
  readonly reference?: string;
  /** Regularise: strengths ~ N(0, deviation^2). Then they always exist. */
  readonly priorDeviation?: number;
  readonly interval?: IntervalKind;
  readonly level?: number;
}

interface Strength {
  readonly item: string;
  /** Log strength; P(a over b) = 1 / (1 + e^(b - a)) where there are no ties. */
  readonly estimate: Estimate;
  /** 0 of the reference; null where there is none (bootstrap). */
  readonly standardError: number | null;
  /** Judgements that it is in. */
  readonly comparisons: number;
}

export type Strengths =
  | {
      readonly defined: true;
      readonly strengths: readonly Strength[];
      /** In log strength; null where it was not asked for. */
      readonly order: Estimate | null;
      /** Davidson's nu or Rao and Kupper's theta. */
      readonly ties: Estimate | null;
      readonly logLikelihood: number;
      /** Twice the log likelihood that is missing to a model with a free probability for each pair (and order). */
      readonly deviance: number;
      readonly degreesOfFreedom: number;
      readonly n: number;
    }
  | { readonly defined: false; readonly reason: string; readonly n: number };

const models = { half: halfWins, davidson, raoKupper };

/** Strengths of items that were compared in pairs, by maximum likelihood: Bradley and Terry (1952), Davidson (1970), Rao and Kupper (1967). */
export function fitPairs(counts: readonly PairCount[], options: StrengthOptions = {}): Strengths {
  const settings: FitSettings = {
    model: models[options.ties ?? 'half'],
    order: options.order ?? false,
    priorDeviation: options.priorDeviation ?? null,
  };
  const table = pairTable(counts, settings);
  const { items, n } = table;
  const reason =
    whyNot(table, settings) ??
    (options.reference !== undefined && !items.includes(options.reference) ? `"${options.reference}" was never compared` : null);
  if (reason) return { defined: false, reason, n };
  const result = fitStrengths(table, settings);
  if ('reason' in result) return { defined: false, reason: result.reason, n };
  const spread = spreadOf(counts, table, settings, result.fit, options);
  if ('reason' in spread) return { defined: false, reason: spread.reason, n };
  const zero = options.reference === undefined ? null : items.indexOf(options.reference);
  const compared = items.map(() => 0);
  for (const pair of table.pairs) {
    for (const at of [pair.first, pair.second]) compared[at] = (compared[at] as number) + pair.wins + pair.losses + pair.ties;
  }
  const { values } = result.fit;
  const own = (at: number) => spread.of((each) => each[at] as number, [[at, 1]], spread.n, values);
  return {
    defined: true,
    strengths: items.map((item, at): Strength => {
      const contrast: [number, number][] =
        zero === null
          ? [[at, 1]]
          : [
              [at, 1],
              [zero, -1],
            ];
      const told = spread.of((each) => (each[at] as number) - (zero === null ? 0 : (each[zero] as number)), contrast, spread.n, values);
      return { item, ...told, comparisons: compared[at] as number };
    }),
    order: settings.order ? own(orderAt(items.length)).estimate : null,
    ties: settings.model.start === null ? null : transformed(own(tieAt(items.length, settings)).estimate, settings.model.shown),
    logLikelihood: result.fit.logLikelihood,
    ...devianceOf(table, settings, result.fit),
    n,
  };
}

function whyNot(table: PairTable, { model, order, priorDeviation }: FitSettings): string | null {
  if (table.n === 0 || table.items.length < 2) return 'two items or more have to be compared';
  if (priorDeviation === null) {
    const apart = whyUndefined(table);
    if (apart) return apart;
  }
  if (order && table.pairs.every((pair) => pair.order === 0)) return 'an order effect needs to know what had the advantage';
  if (model.start === null) return null;
  const ties = table.pairs.reduce((sum, pair) => sum + pair.ties, 0);
  if (ties === 0)
    return 'no tie was seen, so that the parameter of ties has no finite estimate: count ties as half wins, or leave them out';
  return ties === table.n ? 'all judgements are ties' : null;
}

function transformed(estimate: Estimate, shown: (value: number) => number): Estimate {
  if (!estimate.defined) return estimate;
  return { ...estimate, value: shown(estimate.value), low: shown(estimate.low), high: shown(estimate.high) };
}

interface Told {
  readonly estimate: Estimate;
  readonly standardError: number | null;
}

/** How estimates vary. `n` counts what is independent. */
type Spread =
  | { readonly reason: string }
  | {
      readonly n: number;
      of(value: (values: Float64Array) => number, contrast: readonly (readonly [number, number])[], n: number, fitted: Float64Array): Told;
    };

function spreadOf(counts: readonly PairCount[], table: PairTable, settings: FitSettings, fit: Fit, options: StrengthOptions): Spread {
  const { interval = 'model', level = 0.95 } = options;
  if (interval !== 'model' && 'bootstrap' in interval) return bootstrapSpread(counts, table, settings, fit, { ...interval, level });
  const items = table.items.length;
  const size = parameterCount(items, settings);
  const model = fitCovariance(fit, items, settings);
  if (!model) return { reason: 'the parameters cannot be told apart: the information matrix is singular' };
  const clusters = interval === 'model' ? null : clustersOf(counts, interval.sandwich);
  if (clusters && clusters.length < 2)
    return { reason: `standard errors by ${interval === 'model' ? '' : interval.sandwich} need two or more of them` };
  const covariance = clusters ? sandwich(clusters, table, settings, fit, model) : model;
  const z = normalQuantile(0.5 + level / 2);
  return {
    n: clusters ? clusters.length : table.n,
    of: (value, contrast, n, fitted) => {
      let variance = 0;
      for (const [row, a] of contrast) for (const [column, b] of contrast) variance += a * b * (covariance[row * size + column] as number);
      const standardError = Math.sqrt(Math.max(variance, 0));
      const centre = value(fitted);
      return {
        estimate: { defined: true, value: centre, low: centre - z * standardError, high: centre + z * standardError, n, level },
        standardError,
      };
    },
  };
}

function clustersOf(counts: readonly PairCount[], by: 'task' | 'annotator'): PairCount[][] {
  const clusters = new Map<string, PairCount[]>();
  counts.forEach((count, index) => {
    // what names no cluster stands for itself
    const key = count[by] === undefined ? `\u0000${index}` : count[by];
    const cluster = clusters.get(key);
    if (cluster) cluster.push(count);
    else clusters.set(key, [count]);
  });
  return [...clusters.values()];
}

/** C (sum over clusters of score score') C with the factor G / (G - 1) (Liang and Zeger 1986). */
function sandwich(clusters: readonly PairCount[][], table: PairTable, settings: FitSettings, fit: Fit, bread: Float64Array): Float64Array {
  const items = table.items.length;
  const size = parameterCount(items, settings);
  const place = new Map(table.items.map((item, at) => [item, at]));
  const meat = new Float64Array(size * size);
  for (const cluster of clusters) {
    const score = new Map<number, number>();
    const add = (at: number, value: number) => score.set(at, (score.get(at) ?? 0) + value);
    for (const { first, losses, order = 0, second, ties = 0, wins } of cluster) {
      const pair = {
        first: place.get(first) as number,
        second: place.get(second) as number,
        order: settings.order ? order : 0,
        wins,
        losses,
        ties,
      } as const;
      const part = pairScore(pair, items, settings, fit.values);
      add(pair.first, part.a);
      add(pair.second, -part.a);
      if (settings.order) add(orderAt(items), pair.order * part.a);
      if (settings.model.start !== null) add(tieAt(items, settings), part.t);
    }
    for (const [row, a] of score)
      for (const [column, b] of score) meat[row * size + column] = (meat[row * size + column] as number) + a * b;
  }
  const correction = clusters.length / (clusters.length - 1);
  return sandwiched(
    bread,
    meat.map((value) => value * correction),
    size,
  );
}

/** Percentiles over resamples of whole clusters (Efron 1979); resamples in which strengths do not exist are counted, and end it where they are many. */
function bootstrapSpread(
  counts: readonly PairCount[],
  table: PairTable,
  settings: FitSettings,
  fit: Fit,
  options: { bootstrap: 'task' | 'annotator'; random: Random; resamples?: number; level: number },
): Spread {
  const { bootstrap, level, random, resamples = 500 } = options;
  const clusters = clustersOf(counts, bootstrap);
  if (clusters.length < 2) return { reason: `a bootstrap by ${bootstrap} needs two or more of them` };
  const zero = table.items.flatMap((item, at) => (at === 0 ? [] : [{ first: table.items[0] as string, second: item, wins: 0, losses: 0 }]));
  const drawn: Float64Array[] = [];
  for (let resample = 0; resample < resamples; resample += 1) {
    const chosen = clusters.flatMap(() => clusters[random.integer(clusters.length)] as PairCount[]);
    // pairs of count 0 first: every resample lists the items in one order
    const again = pairTable([...zero, ...chosen], settings);
    if (whyNot(again, settings)) continue;
    const result = fitStrengths(again, settings, Float64Array.from(fit.values));
    if ('fit' in result) drawn.push(result.fit.values);
  }
  const lost = 1 - drawn.length / resamples;
  if (lost > 0.1)
    return {
      reason: `in ${Math.round(100 * lost)} % of the resamples by ${bootstrap} the items are not connected: compare more, or ask for a prior`,
    };
  const tail = (1 - level) / 2;
  return {
    n: clusters.length,
    of: (value, _, n, fitted) => {
      const values = drawn.map(value);
      const estimate = {
        defined: true,
        value: value(fitted),
        low: quantile(values, tail),
        high: quantile(values, 1 - tail),
        n,
        level,
      } as const;
      return { estimate, standardError: null };
    },
  };
}

function devianceOf(table: PairTable, settings: FitSettings, fit: Fit): { deviance: number; degreesOfFreedom: number } {
  let full = 0;
  for (const { losses, ties, wins } of table.pairs) {
    const counts = settings.model.start === null ? [wins + ties / 2, losses + ties / 2] : [wins, losses, ties];
    const all = wins + losses + ties;
    for (const count of counts) if (count > 0) full += count * Math.log(count / all);
  }
  const free = table.pairs.filter((pair) => pair.wins + pair.losses + pair.ties > 0).length * (settings.model.start === null ? 1 : 2);
  const used = parameterCount(table.items.length, settings) - 1;
  return { deviance: 2 * (full - fit.logLikelihood), degreesOfFreedom: free - used };
}
