import type { Random } from '#lib/domain/random';
import { type ChoiceTerms, choiceLikelihood, choiceLogLikelihood, choiceTerms } from '../comparisons/plackett-luce-terms';
import { choleskyFactor, choleskySolve } from '../comparisons/symmetric';

/** What one person said of a task: dense ranks by response id (1 = best, equal = tie); responses in `aside` have none. */
interface JudgedRanking {
  readonly ranks: Readonly<Record<string, number>>;
  readonly aside?: readonly string[];
  /** Probability that the person orders two answers rightly, where it is known (see annotators/); else the options' accuracy. */
  readonly accuracy?: number;
}

/** What has to be sure before a task takes no more labels. */
type SettledBy = 'pairs' | 'order' | 'best';

interface PosteriorOptions {
  readonly random: Random;
  /** `probability` from which the ranking is settled. */
  readonly threshold?: number;
  /** `pairs`: the mean over all pairs, which is what a reward model learns from; `order`: every pair at once; `best`: the first place. */
  readonly by?: SettledBy;
  /** Of a person of whom nothing is known. */
  readonly accuracy?: number;
  /** Share of pairs that are truly equal, before anybody judged. */
  readonly tieRate?: number;
  readonly draws?: number;
}

interface PairCall {
  /** `first` stands before `second` in the consensus, or with it where `call` is 'equal'. */
  readonly first: string;
  readonly second: string;
  readonly call: 'better' | 'equal';
  readonly probability: number;
}

interface RankingPosterior {
  readonly settled: boolean;
  /** Of what `by` names; 0 where nobody ranked two answers. */
  readonly probability: number;
  readonly pairProbability: number;
  readonly orderProbability: number;
  readonly bestProbability: number;
  /** Groups from the best to the worst, each a tie; answers that most set aside are in `aside`. */
  readonly order: readonly (readonly string[])[];
  readonly aside: readonly string[];
  readonly pairs: readonly PairCall[];
  /** Rankings. */
  readonly n: number;
}

const sharpest = 0.99;

/**
 * Posterior of the ranking of one task given the rankings of several people. Answers have utilities theta ~ N(0, 1); a person of accuracy p ranks by
 * Plackett-Luce with utilities b theta, where b makes two random answers come out right with probability p. The posterior is drawn by importance
 * sampling from its normal approximation (Laplace). That two answers are equal is a hypothesis of its own: a person sees it rightly with probability p.
 */
export function rankingPosterior(
  task: { readonly responses: readonly string[]; readonly rankings: readonly JudgedRanking[] },
  options: PosteriorOptions,
): RankingPosterior {
  const { accuracy = 0.75, by = 'pairs', draws = 600, random, threshold = 0.9, tieRate = 0.1 } = options;
  const people = task.rankings.map((ranking) => ({
    ...ranking,
    accuracy: Math.min(Math.max(ranking.accuracy ?? accuracy, 0.5), sharpest),
  }));
  const kept = task.responses.map((id) => ({ id, aside: asideProbability(id, people) }));
  const aside = kept.filter((each) => each.aside > 0.5).map(({ id }) => id);
  const ids = kept.filter((each) => each.aside <= 0.5).map(({ id }) => id);
  const asideSure = kept.map((each) => Math.max(each.aside, 1 - each.aside));
  const n = people.length;
  if (n === 0)
    return { settled: false, probability: 0, pairProbability: 0, orderProbability: 0, bestProbability: 0, order: [], aside, pairs: [], n };
  const sample = drawUtilities(ids, people, { random, draws });
  const judged = judge(ids, people, sample, tieRate);
  const places = product(asideSure);
  const pairProbability = judged.pairs.length === 0 ? places : mean(judged.pairs.map((pair) => pair.probability)) * mean(asideSure);
  const orderProbability = judged.order * places;
  const bestProbability = judged.best * places;
  const probability = by === 'pairs' ? pairProbability : by === 'order' ? orderProbability : bestProbability;
  const { groups: order, pairs } = judged;
  return { settled: probability >= threshold, probability, pairProbability, orderProbability, bestProbability, order, aside, pairs, n };
}

type Person = Required<Pick<JudgedRanking, 'ranks' | 'accuracy'>> & Pick<JudgedRanking, 'aside'>;

/** One answer in ten cannot be ranked, before anybody judged; a person sees rightly whether it can. */
function asideProbability(id: string, people: readonly Person[]): number {
  if (people.length > 0 && people.every((person) => person.aside?.includes(id))) return 1;
  if (!people.some((person) => person.aside?.includes(id))) return 0;
  let odds = Math.log(0.1 / 0.9);
  for (const { accuracy, aside = [], ranks } of people) {
    const log = Math.log(accuracy / (1 - accuracy));
    if (aside.includes(id)) odds += log;
    else if (ranks[id] !== undefined) odds -= log;
  }
  return 1 / (1 + Math.exp(-odds));
}

/** b with E[sigmoid(b |D|)] = accuracy for D ~ N(0, 2), the difference of two utilities. */
export function sharpnessOf(accuracy: number): number {
  if (accuracy <= 0.5) return 0;
  const right = (b: number): number => {
    let sum = 0;
    let mass = 0;
    for (let z = 0.01; z < 6; z += 0.02) {
      const density = Math.exp((-z * z) / 2);
      sum += density / (1 + Math.exp(-b * Math.SQRT2 * z));
      mass += density;
    }
    return sum / mass;
  };
  let low = 0;
  let high = 256;
  for (let round = 0; round < 40; round += 1) {
    const middle = (low + high) / 2;
    if (right(middle) < accuracy) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

interface Sample {
  readonly thetas: readonly Float64Array[];
  /** They sum to 1. */
  readonly weights: readonly number[];
}

interface Judging {
  readonly sharpness: number;
  readonly choices: ChoiceTerms;
}

function drawUtilities(ids: readonly string[], people: readonly Person[], { draws, random }: { draws: number; random: Random }): Sample {
  const byAccuracy = new Map<number, { ranks: (number | null)[]; weight: number }[]>();
  for (const person of people) {
    const same = byAccuracy.get(person.accuracy) ?? [];
    same.push({ ranks: ids.map((id) => person.ranks[id] ?? null), weight: 1 });
    byAccuracy.set(person.accuracy, same);
  }
  const judgings = [...byAccuracy].map(([accuracy, rankings]) => ({
    sharpness: sharpnessOf(accuracy),
    choices: choiceTerms(ids.length, rankings),
  }));
  const { factor, mode } = laplace(judgings, ids.length);
  const logs: number[] = [];
  const thetas = Array.from({ length: draws }, () => {
    const z = Float64Array.from(ids, () => random.normal());
    const theta = scattered(mode, factor, z);
    logs.push(logPosterior(judgings, theta) + squares(z) / 2);
    return theta;
  });
  const peak = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - peak));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { thetas, weights: weights.map((weight) => weight / sum) };
}

const squares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);

function logPosterior(judgings: readonly Judging[], theta: Float64Array): number {
  let log = -squares(theta) / 2;
  for (const { choices, sharpness } of judgings) {
    log += choiceLogLikelihood(
      choices,
      theta.map((value) => sharpness * value),
    );
  }
  return log;
}

/** Mode of the posterior by Newton's method (it is concave) and the factor of its information there. */
function laplace(judgings: readonly Judging[], n: number): { readonly mode: Float64Array; readonly factor: Float64Array } {
  let mode = new Float64Array(n);
  for (let round = 0; ; round += 1) {
    const gradient = mode.map((value) => -value);
    const information = new Float64Array(n * n);
    for (let item = 0; item < n; item += 1) information[item * n + item] = 1;
    for (const { choices, sharpness } of judgings) {
      const part = choiceLikelihood(
        choices,
        mode.map((value) => sharpness * value),
      );
      part.gradient.forEach((value, at) => {
        gradient[at] = (gradient[at] as number) + sharpness * value;
      });
      part.information.forEach((value, at) => {
        information[at] = (information[at] as number) + sharpness * sharpness * value;
      });
    }
    const factor = choleskyFactor(information, n);
    if (!factor) throw new RangeError('the posterior of a ranking has no normal approximation');
    const step = choleskySolve(factor, n, gradient);
    if (round === 100 || step.every((value) => Math.abs(value) < 1e-8)) return { mode, factor };
    mode = uphill(judgings, mode, step);
  }
}

function uphill(judgings: readonly Judging[], from: Float64Array<ArrayBuffer>, step: Float64Array): Float64Array<ArrayBuffer> {
  const now = logPosterior(judgings, from);
  for (let length = 1; length > 1e-6; length /= 2) {
    const next = from.map((value, at) => value + length * (step[at] as number));
    if (logPosterior(judgings, next) >= now) return next;
  }
  return from;
}

/** mode + L'^-1 z: a draw of the normal with information L L'. */
function scattered(mode: Float64Array, factor: Float64Array, z: Float64Array): Float64Array {
  const n = mode.length;
  const x = Float64Array.from(z);
  for (let row = n - 1; row >= 0; row -= 1) {
    let sum = x[row] as number;
    for (let k = row + 1; k < n; k += 1) sum -= (factor[k * n + row] as number) * (x[k] as number);
    x[row] = sum / (factor[row * n + row] as number);
  }
  return x.map((value, at) => value + (mode[at] as number));
}

function judge(ids: readonly string[], people: readonly Person[], { thetas, weights }: Sample, tieRate: number) {
  const centre = ids.map((_, item) => thetas.reduce((sum, theta, at) => sum + (theta[item] as number) * (weights[at] as number), 0));
  const order = [...ids.keys()].sort((a, b) => (centre[b] as number) - (centre[a] as number) || a - b);
  const share = (holds: (theta: Float64Array) => boolean): number =>
    Math.min(
      1,
      thetas.reduce((sum, theta, at) => sum + (holds(theta) ? (weights[at] as number) : 0), 0),
    );
  const equal = (a: number, b: number) => equalProbability(ids[a] as string, ids[b] as string, people, tieRate);
  const tied = (a: number, b: number) => equal(a, b) > 0.5;
  const pairs = order.flatMap((a, place) =>
    order.slice(place + 1).map((b): PairCall => {
      const same = equal(a, b);
      const known = { first: ids[a] as string, second: ids[b] as string };
      if (same > 0.5) return { ...known, call: 'equal', probability: same };
      return { ...known, call: 'better', probability: (1 - same) * share((theta) => (theta[a] as number) > (theta[b] as number)) };
    }),
  );
  const steps = order.slice(1).map((b, place) => [order[place] as number, b] as const);
  const holds = (theta: Float64Array) => steps.every(([a, b]) => tied(a, b) || (theta[a] as number) > (theta[b] as number));
  const ties = product(steps.map(([a, b]) => Math.max(equal(a, b), 1 - equal(a, b))));
  const groups: string[][] = [];
  order.forEach((item, place) => {
    const before = order[place - 1];
    if (before !== undefined && tied(before, item)) groups.at(-1)?.push(ids[item] as string);
    else groups.push([ids[item] as string]);
  });
  const top = order[0];
  const first = new Set(groups[0]);
  const rivals = [...ids.keys()].filter((item) => !first.has(ids[item] as string));
  const best = top === undefined ? 1 : share((theta) => rivals.every((rival) => (theta[top] as number) > (theta[rival] as number)));
  const topTies = product((groups[0] ?? []).slice(1).map((id) => equal(top as number, ids.indexOf(id))));
  return { pairs, groups, order: share(holds) * ties, best: best * topTies };
}

/** A person of accuracy p ties what is equal with probability p, and what is not with (1 - p) / 2. */
function equalProbability(first: string, second: string, people: readonly Person[], tieRate: number): number {
  let odds = Math.log(tieRate / (1 - tieRate));
  for (const { accuracy, ranks } of people) {
    const [a, b] = [ranks[first], ranks[second]];
    if (a === undefined || b === undefined) continue;
    const wrong = (1 - accuracy) / 2;
    odds += a === b ? Math.log(accuracy / wrong) : Math.log((1 - accuracy) / (1 - wrong));
  }
  return 1 / (1 + Math.exp(-odds));
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
const product = (values: readonly number[]): number => values.reduce((all, value) => all * value, 1);
