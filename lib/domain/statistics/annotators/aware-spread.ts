import { type AwareMode, type AwareSettings, type AwareState, settleTerms } from './aware-fit';
import { spreadPrior, type TermValues } from './aware-model';

/** What is known if the spread were this: normal around the terms' most likely values, each annotator's own covariance in row order. */
export interface SpreadPoint {
  readonly spread: number;
  /** Probability of this spread; over all points they sum to 1. */
  readonly weight: number;
  readonly terms: readonly TermValues[];
  readonly covariances: readonly Float64Array[];
  readonly items: readonly { readonly mean: number; readonly variance: number }[][];
  readonly converged: boolean;
  readonly rounds: number;
}

/** Spreads whose log density lies further below the highest than this are left out. */
const depth = 4;
const mostSteps = 20;

type Candidate = Omit<SpreadPoint, 'weight'> & Pick<AwareMode, 'population' | 'log'>;

/**
 * The spread integrated out. Terms and spread at their joint mode lie at too wide a spread: where the spread is narrow, accuracies are high and their logits
 * little known, which is much probability at little density. So each spread on a grid counts with the mass above it: the density at the best terms times the
 * volume that the information there leaves them (Laplace; Tierney and Kadane 1986; Rue, Martino and Chopin 2009).
 */
export function integrateSpread(start: AwareState, settings: AwareSettings): SpreadPoint[] {
  const { centre, step } = locate(start, settings);
  const points = [centre];
  let highest = centre.log;
  for (const direction of [-1, 1]) {
    let from = centre;
    for (let steps = 1; steps <= mostSteps; steps += 1) {
      from = candidateAt(from, centre.spread * Math.exp(direction * steps * step), settings);
      if (!(from.log > highest - depth)) break;
      highest = Math.max(highest, from.log);
      points.push(from);
    }
  }
  const total = points.reduce((sum, { log }) => sum + Math.exp(log - highest), 0);
  return points.map(({ log, ...point }) => ({ ...point, weight: Math.exp(log - highest) / total }));
}

/** The one point where the spread is given. */
export function givenSpread(start: AwareState, spread: number, settings: AwareSettings): SpreadPoint {
  return { ...candidateAt(start, spread, settings), weight: 1 };
}

/** About the most likely spread, and seven tenths of its standard deviation as the step of the grid, from the parabola through three points around it. */
function locate(start: AwareState, settings: AwareSettings): { centre: Candidate; step: number } {
  const stride = 0.5;
  const at = (from: Candidate, by: number) => candidateAt(from, from.spread * Math.exp(by), settings);
  let middle = candidateAt(start, Math.exp(spreadPrior.mean), settings);
  let lower = at(middle, -stride);
  let upper = at(middle, stride);
  for (let steps = 0; steps < mostSteps && Math.max(lower.log, upper.log) > middle.log; steps += 1) {
    if (upper.log > lower.log) [lower, middle, upper] = [middle, upper, at(upper, stride)];
    else [lower, middle, upper] = [at(lower, -stride), lower, middle];
  }
  const curvature = (lower.log - 2 * middle.log + upper.log) / stride ** 2;
  if (!(curvature < 0)) return { centre: middle, step: stride };
  const shift = (lower.log - upper.log) / (2 * stride) / curvature;
  return { centre: at(middle, shift), step: Math.min(Math.max(0.7 / Math.sqrt(-curvature), 0.02), stride) };
}

function candidateAt(from: AwareState, spread: number, settings: AwareSettings): Candidate {
  const { converged, information, log, population, rounds, terms } = settleTerms(from, spread, settings);
  const covariance = information.covariance();
  const m = settings.learned.length;
  return {
    spread,
    terms,
    population,
    covariances: terms.map((_, annotator) =>
      Float64Array.from({ length: m * m }, (_, at) => covariance(annotator * m + Math.floor(at / m), annotator * m + (at % m))),
    ),
    items: settings.groups.map(({ covariance: known, items, mean }) =>
      items.map((_, at) => ({ mean: mean[at] as number, variance: known[at * items.length + at] as number })),
    ),
    log,
    converged,
    rounds,
  };
}
