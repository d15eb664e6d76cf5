import { normalQuantile } from '../distribution';
import type { Estimate } from '../estimate';
import { pairsOfRanking, pairTable } from './pair-counts';
import { choiceLikelihood, choiceLogLikelihood, choiceTerms } from './plackett-luce-terms';
import { choleskyFactor, choleskyInverse, choleskySolve } from './symmetric';
import { whyUndefined } from './win-graph';

interface PlackettLuceOptions {
  /** `refuse`: a tie has no probability under the model, so there is no answer; `average`: the mean over all orders of the tied items. */
  readonly ties?: 'refuse' | 'average';
  /** Regularise: strengths ~ N(0, deviation^2). */
  readonly priorDeviation?: number;
  readonly level?: number;
}

type PlackettLuce =
  | {
      readonly defined: true;
      /** Log strengths that sum to 0. */
      readonly strengths: readonly { readonly item: string; readonly estimate: Estimate; readonly standardError: number }[];
      readonly logLikelihood: number;
      /** Rankings. */
      readonly n: number;
    }
  | { readonly defined: false; readonly reason: string; readonly n: number };

/** Strengths of items that were ranked (1 = best): each place goes to an item with probability in proportion to e^strength of what is left. */
export function fitRankings(rankings: readonly Readonly<Record<string, number>>[], options: PlackettLuceOptions = {}): PlackettLuce {
  const { level = 0.95, priorDeviation, ties = 'refuse' } = options;
  const told = rankings.filter((ranks) => Object.keys(ranks).length > 1);
  const n = told.length;
  const tied = told.findIndex((ranks) => new Set(Object.values(ranks)).size < Object.keys(ranks).length);
  if (ties === 'refuse' && tied >= 0)
    return {
      defined: false,
      reason: `ranking ${tied + 1} holds a tie, which has no probability under Plackett-Luce: ask for the mean over orders, or fit pairs`,
      n,
    };
  const table = pairTable(
    told.flatMap((ranks) => pairsOfRanking({ ranks })),
    { order: false },
  );
  const apart = table.items.length < 2 ? 'two items or more have to be ranked' : priorDeviation === undefined ? whyUndefined(table) : null;
  if (apart) return { defined: false, reason: apart, n };
  const { items } = table;
  const choices = choiceTerms(
    items.length,
    told.map((ranks) => ({ ranks: items.map((item) => ranks[item] ?? null), weight: 1 })),
  );
  const precision = priorDeviation === undefined ? 0 : 1 / priorDeviation ** 2;
  const fitted = newton(choices, items.length, precision);
  if (!fitted) return { defined: false, reason: 'the estimates did not settle', n };
  const z = normalQuantile(0.5 + level / 2);
  return {
    defined: true,
    strengths: items.map((item, at) => {
      const value = fitted.theta[at] as number;
      const standardError = Math.sqrt(
        (fitted.covariance[at * items.length + at] as number) - (precision === 0 ? 1 / items.length ** 2 : 0),
      );
      return {
        item,
        estimate: { defined: true, value, low: value - z * standardError, high: value + z * standardError, n, level },
        standardError,
      };
    }),
    logLikelihood: choiceLogLikelihood(choices, fitted.theta),
    n,
  };
}

function newton(
  choices: ReturnType<typeof choiceTerms>,
  n: number,
  precision: number,
): { theta: Float64Array; covariance: Float64Array } | null {
  let theta = new Float64Array(n);
  const penalised = (at: Float64Array) =>
    choiceLogLikelihood(choices, at) - (precision * at.reduce((sum, value) => sum + value * value, 0)) / 2;
  for (let round = 0; round < 200; round += 1) {
    const { gradient, information } = choiceLikelihood(choices, theta);
    for (let row = 0; row < n; row += 1) {
      gradient[row] = (gradient[row] as number) - precision * (theta[row] as number);
      // without a prior the sum of strengths is held at 0
      for (let column = 0; column < n; column += 1) {
        const held = precision === 0 ? 1 : row === column ? precision : 0;
        information[row * n + column] = (information[row * n + column] as number) + held;
      }
    }
    const factor = choleskyFactor(information, n);
    if (!factor) return null;
    const step = choleskySolve(factor, n, gradient);
    if (step.every((value) => Math.abs(value) < 1e-10)) return { theta, covariance: choleskyInverse(factor, n) };
    const now = penalised(theta);
    let length = 1;
    let next = theta.map((value, at) => value + (step[at] as number));
    while (!(penalised(next) >= now - 1e-12 * Math.abs(now)) && length > 1e-10) {
      length /= 2;
      next = theta.map((value, at) => value + length * (step[at] as number));
    }
    theta = next;
  }
  return null;
}
