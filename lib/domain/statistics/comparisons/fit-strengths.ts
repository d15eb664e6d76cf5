import type { IndexedPair, PairTable } from './pair-counts';
import { choleskyFactor, choleskyInverse, choleskySolve } from './symmetric';
import type { TieModel } from './tie-models';

export interface FitSettings {
  readonly model: TieModel;
  /** Learn what the order is worth. */
  readonly order: boolean;
  /** Strengths ~ N(0, deviation^2), which keeps them finite where the data do not; null for none. */
  readonly priorDeviation: number | null;
}

/** Log strengths of the items (they sum to 0), then the order effect and the parameter of ties where there are such. */
export interface Fit {
  readonly values: Float64Array;
  readonly logLikelihood: number;
  readonly information: Float64Array;
}

type FitResult = { readonly fit: Fit } | { readonly reason: string };

export const orderAt = (items: number): number => items;
export const tieAt = (items: number, { order }: FitSettings): number => items + (order ? 1 : 0);

export function parameterCount(items: number, { model, order }: FitSettings): number {
  return items + (order ? 1 : 0) + (model.start === null ? 0 : 1);
}

const furthest = 30;

/** Maximum likelihood, or the most likely strengths under the prior, by Newton's method with halved steps; the likelihood is concave. */
export function fitStrengths(table: PairTable, settings: FitSettings, start?: Float64Array): FitResult {
  const items = table.items.length;
  let values = start ?? startValues(items, settings);
  let now = likelihood(table.pairs, items, settings, values);
  for (let round = 0; round < 200; round += 1) {
    const factor = choleskyFactor(pinned(now.information, items, settings), now.gradient.length);
    if (!factor) return { reason: 'the parameters cannot be told apart: the information matrix is singular' };
    const step = choleskySolve(factor, now.gradient.length, now.gradient);
    const largest = step.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    let length = Math.min(1, 5 / largest);
    let next = moved(values, step, length);
    let then = likelihood(table.pairs, items, settings, next);
    while (!(then.value >= now.value - 1e-12 * Math.abs(now.value)) && length > 1e-10) {
      length /= 2;
      next = moved(values, step, length);
      then = likelihood(table.pairs, items, settings, next);
    }
    values = next;
    now = then;
    if (values.some((value) => Math.abs(value) > furthest))
      return { reason: 'the estimates grow without bound: what was seen leaves them no finite best value' };
    if (largest < 1e-10 || length <= 1e-10) return { fit: { values, logLikelihood: now.data, information: now.information } };
  }
  return { reason: 'the estimates did not settle in 200 steps' };
}

function startValues(items: number, settings: FitSettings): Float64Array {
  const values = new Float64Array(parameterCount(items, settings));
  if (settings.model.start !== null) values[tieAt(items, settings)] = settings.model.start;
  return values;
}

function moved(values: Float64Array, step: Float64Array, length: number): Float64Array {
  return values.map((value, at) => value + length * (step[at] as number));
}

/** Without a prior only differences of strengths are known: their sum is held at 0. */
function pinned(information: Float64Array, items: number, settings: FitSettings): Float64Array {
  if (settings.priorDeviation !== null) return information;
  const size = parameterCount(items, settings);
  const held = Float64Array.from(information);
  for (let row = 0; row < items; row += 1) {
    for (let column = 0; column < items; column += 1) held[row * size + column] = (held[row * size + column] as number) + 1;
  }
  return held;
}

/** Covariance of the estimates; of strengths that sum to 0 where there is no prior. Null where it does not exist. */
export function fitCovariance({ information }: Fit, items: number, settings: FitSettings): Float64Array | null {
  const size = parameterCount(items, settings);
  const factor = choleskyFactor(pinned(information, items, settings), size);
  if (!factor) return null;
  const covariance = choleskyInverse(factor, size);
  if (settings.priorDeviation !== null) return covariance;
  for (let row = 0; row < items; row += 1) {
    for (let column = 0; column < items; column += 1)
      covariance[row * size + column] = (covariance[row * size + column] as number) - 1 / (items * items);
  }
  return covariance;
}

/** The gradient of one pair's log likelihood by the difference and by the parameter of ties. */
export function pairScore(
  pair: IndexedPair,
  items: number,
  settings: FitSettings,
  values: Float64Array,
): { readonly a: number; readonly t: number } {
  const { first, second, tie } = settings.model.outcomes(differenceOf(pair, items, settings, values), tieValue(items, settings, values));
  return {
    a: pair.wins * first.a + pair.losses * second.a + pair.ties * tie.a,
    t: pair.wins * first.t + pair.losses * second.t + pair.ties * tie.t,
  };
}

function differenceOf({ first, order, second }: IndexedPair, items: number, settings: FitSettings, values: Float64Array): number {
  return (values[first] as number) - (values[second] as number) + (settings.order ? order * (values[orderAt(items)] as number) : 0);
}

function tieValue(items: number, settings: FitSettings, values: Float64Array): number {
  return settings.model.start === null ? 0 : (values[tieAt(items, settings)] as number);
}

function likelihood(pairs: readonly IndexedPair[], items: number, settings: FitSettings, values: Float64Array) {
  const size = parameterCount(items, settings);
  const gradient = new Float64Array(size);
  const information = new Float64Array(size * size);
  const add = (row: number, column: number, value: number) => {
    information[row * size + column] = (information[row * size + column] as number) + value;
  };
  const t = tieValue(items, settings, values);
  let value = 0;
  for (const pair of pairs) {
    const { first, losses, second, ties, wins } = pair;
    const logs = settings.model.outcomes(differenceOf(pair, items, settings, values), t);
    const sum = { log: 0, a: 0, t: 0, aa: 0, at: 0, tt: 0 };
    for (const [count, log] of [
      [wins, logs.first],
      [losses, logs.second],
      [ties, logs.tie],
    ] as const) {
      if (count === 0) continue;
      for (const key of ['log', 'a', 't', 'aa', 'at', 'tt'] as const) sum[key] += count * log[key];
    }
    value += sum.log;
    const signs: [number, number][] = [
      [first, 1],
      [second, -1],
    ];
    if (settings.order && pair.order !== 0) signs.push([orderAt(items), pair.order]);
    for (const [row, sign] of signs) {
      gradient[row] = (gradient[row] as number) + sign * sum.a;
      for (const [column, other] of signs) add(row, column, -sign * other * sum.aa);
      if (settings.model.start === null) continue;
      add(row, tieAt(items, settings), -sign * sum.at);
      add(tieAt(items, settings), row, -sign * sum.at);
    }
    if (settings.model.start === null) continue;
    const at = tieAt(items, settings);
    gradient[at] = (gradient[at] as number) + sum.t;
    add(at, at, -sum.tt);
  }
  const data = value;
  if (settings.priorDeviation === null) return { value, data, gradient, information };
  const precision = 1 / settings.priorDeviation ** 2;
  for (let item = 0; item < items; item += 1) {
    const strength = values[item] as number;
    value -= (precision * strength * strength) / 2;
    gradient[item] = (gradient[item] as number) - precision * strength;
    add(item, item, precision);
  }
  return { value, data, gradient, information };
}
