import { choleskyFactor, choleskyInverse, choleskyLogDeterminant, choleskySolve } from '../comparisons/symmetric';
import { hermite, type Judgement, judgementSlopes, makeSlopes, type TermValues } from './aware-model';

/** Items that judgements connect, directly or through others; what is known of one group says nothing of another. */
export interface ItemGroup {
  readonly items: readonly number[];
  readonly judgements: readonly Judgement[];
  /** Normal approximation of what is known of the strengths (Laplace): mean, and covariance in row order. */
  readonly mean: Float64Array;
  covariance: Float64Array;
  /** Of two items, where the approximation would be poor: differences of their strengths with probabilities that sum to 1. */
  nodes: readonly (readonly [difference: number, weight: number])[] | null;
  /** Log probability of the judgements with the strengths integrated out, up to a constant that does not hang on the spread. */
  evidence: number;
  /** Place of an item in `items`. */
  readonly place: ReadonlyMap<number, number>;
}

export function itemGroups(count: number, judgements: readonly Judgement[]): ItemGroup[] {
  const parent = Int32Array.from({ length: count }, (_, item) => item);
  const root = (item: number): number => {
    let at = item;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] as number] as number;
      at = parent[at] as number;
    }
    return at;
  };
  for (const { first, second } of judgements) parent[root(first)] = root(second);
  const groups = new Map<number, { items: number[]; judgements: Judgement[] }>();
  for (let item = 0; item < count; item += 1) {
    const group = groups.get(root(item)) ?? { items: [], judgements: [] };
    groups.set(root(item), group);
    group.items.push(item);
  }
  for (const judgement of judgements) groups.get(root(judgement.first))?.judgements.push(judgement);
  return [...groups.values()].map(({ items, judgements: own }) => {
    const n = items.length;
    return {
      items,
      judgements: own,
      mean: new Float64Array(n),
      covariance: new Float64Array(n * n),
      nodes: null,
      evidence: 0,
      place: new Map(items.map((item, at) => [item, at])),
    };
  });
}

/** What the difference of two items may be, with probabilities. */
export function differencesOf(group: ItemGroup, judgement: Judgement): readonly (readonly [difference: number, weight: number])[] {
  if (group.nodes)
    return judgement.first === group.items[0] ? group.nodes : group.nodes.map(([difference, weight]) => [-difference, weight] as const);
  const [a, b] = [group.place.get(judgement.first) as number, group.place.get(judgement.second) as number];
  const n = group.items.length;
  const { covariance } = group;
  const variance = (covariance[a * n + a] as number) + (covariance[b * n + b] as number) - 2 * (covariance[a * n + b] as number);
  const mean = (group.mean[a] as number) - (group.mean[b] as number);
  const deviation = Math.sqrt(Math.max(variance, 0));
  return hermite.map(([node, weight]) => [mean + deviation * node, weight] as const);
}

/** Moves the strengths of a group towards their most likely values under N(0, spread^2) (Fisher scoring), and says how sure they are. */
export function settleStrengths(
  group: ItemGroup,
  terms: readonly TermValues[],
  spread: number,
  knowsAccuracy: boolean,
  rounds: number,
): void {
  if (group.items.length === 2) {
    weighDifferences(group, terms, spread, knowsAccuracy);
    return;
  }
  const n = group.items.length;
  const slopes = makeSlopes();
  for (let round = 0; round <= rounds; round += 1) {
    const gradient = group.mean.map((value) => -value / spread ** 2);
    const information = new Float64Array(n * n);
    for (let item = 0; item < n; item += 1) information[item * n + item] = 1 / spread ** 2;
    let logLikelihood = group.mean.reduce((sum, value) => sum - value ** 2 / (2 * spread ** 2) - Math.log(spread), 0);
    for (const judgement of group.judgements) {
      const [a, b] = [group.place.get(judgement.first) as number, group.place.get(judgement.second) as number];
      const difference = (group.mean[a] as number) - (group.mean[b] as number);
      judgementSlopes(judgement, terms[judgement.annotator] as TermValues, difference, knowsAccuracy, slopes);
      logLikelihood += slopes.logLikelihood;
      const pull = slopes.score[0] as number;
      const weight = slopes.information * (slopes.slope[0] as number) ** 2;
      gradient[a] = (gradient[a] as number) + pull;
      gradient[b] = (gradient[b] as number) - pull;
      information[a * n + a] = (information[a * n + a] as number) + weight;
      information[b * n + b] = (information[b * n + b] as number) + weight;
      information[a * n + b] = (information[a * n + b] as number) - weight;
      information[b * n + a] = (information[b * n + a] as number) - weight;
    }
    const factor = choleskyFactor(information, n);
    if (!factor) throw new RangeError('strengths of items have no normal approximation');
    if (round === rounds) {
      group.covariance = choleskyInverse(factor, n);
      group.evidence = logLikelihood - choleskyLogDeterminant(factor, n) / 2;
      return;
    }
    const step = choleskySolve(factor, n, gradient);
    // at most one spread a move: far steps overshoot where the likelihood is flat
    for (let item = 0; item < n; item += 1) {
      group.mean[item] = (group.mean[item] as number) + Math.min(Math.max(step[item] as number, -spread), spread);
    }
  }
}

const gridPoints = 25;

/** The posterior of the difference of two items on a grid of its prior N(0, 2 spread^2), +-5 standard deviations. */
function weighDifferences(group: ItemGroup, terms: readonly TermValues[], spread: number, knowsAccuracy: boolean): void {
  const slopes = makeSlopes();
  const [first] = group.items;
  const logs: number[] = [];
  const differences = Array.from({ length: gridPoints }, (_, at) => {
    const z = (10 * at) / (gridPoints - 1) - 5;
    const difference = z * Math.SQRT2 * spread;
    let log = (-z * z) / 2;
    for (const judgement of group.judgements) {
      const own = terms[judgement.annotator] as TermValues;
      judgementSlopes(judgement, own, judgement.first === first ? difference : -difference, knowsAccuracy, slopes);
      log += slopes.logLikelihood;
    }
    logs.push(log);
    return difference;
  });
  const peak = Math.max(...logs);
  const total = logs.reduce((sum, log) => sum + Math.exp(log - peak), 0);
  group.evidence = peak + Math.log(total);
  group.nodes = differences.map((difference, at) => [difference, Math.exp((logs[at] as number) - peak) / total]);
  const centre = group.nodes.reduce((sum, [difference, weight]) => sum + difference * weight, 0);
  const variance = group.nodes.reduce((sum, [difference, weight]) => sum + weight * (difference - centre) ** 2, 0);
  group.mean[0] = centre / 2;
  group.mean[1] = -centre / 2;
  // the mean of the two keeps its prior
  const [same, apart] = [spread ** 2 / 2 + variance / 4, spread ** 2 / 2 - variance / 4];
  group.covariance = Float64Array.of(same, apart, apart, same);
}
