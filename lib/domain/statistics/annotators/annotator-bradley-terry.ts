import type { PairCount } from '../comparisons/pair-counts';
import { normalQuantile } from '../distribution';
import type { Estimate } from '../estimate';
import { AwareInformation } from './aware-information';
import { itemGroups, settleStrengths } from './aware-items';
import { type Judgement, sigmoid, type TermKind, type TermValues, termKinds, termPriors } from './aware-model';

/** A count of one annotator; `lengths` is how much longer the first item is, in the unit that lambda is told in. */
export interface AnnotatedPair extends PairCount {
  readonly annotator: string;
  readonly lengths?: number;
}

interface AwareOptions {
  /** What is learned of each annotator; accuracy by default. What is not learned is 1, 1, 0 and 0. */
  readonly terms?: readonly TermKind[];
  /** Standard deviation of log strengths; learned where it is not given. */
  readonly spread?: number;
  readonly iterations?: number;
  readonly level?: number;
}

interface AnnotatorTerms {
  readonly annotator: string;
  readonly judgements: number;
  /** eta: the probability to say what strengths say rather than the opposite. */
  readonly accuracy: Estimate | null;
  /** tau: how sharply answers are told apart. */
  readonly temperature: Estimate | null;
  /** gamma: what the first place is worth in log strength. */
  readonly position: Estimate | null;
  /** lambda: what one unit of length more is worth. */
  readonly length: Estimate | null;
  /**
   * Probability that two items of the fitted spread come out right, place and length aside. Where items belong to one task each, this is what the data tell:
   * low accuracy with far strengths looks much like high accuracy with near ones, and only the interval of `accuracy` widens.
   */
  readonly right: Estimate;
}

type AwareFit =
  | {
      readonly defined: true;
      readonly annotators: readonly AnnotatorTerms[];
      /** Posterior mean and standard deviation of log strengths. */
      readonly items: readonly { readonly item: string; readonly mean: number; readonly deviation: number }[];
      readonly spread: number;
      readonly iterations: number;
      readonly converged: boolean;
      /** Judgements; a tie counts as half of each. */
      readonly n: number;
    }
  | { readonly defined: false; readonly reason: string; readonly n: number };

/**
 * Bradley-Terry that knows annotators: penalised maximum likelihood of the terms with the strengths integrated out, by expectation maximisation
 * (two items: quadrature; more: normal approximation; then Newton steps on the terms and the spread with the information that is left when that of the
 * strengths is taken off, Louis 1982). Items may be shared by all tasks (systems) or belong to one (answers).
 */
export function fitAnnotators(counts: readonly AnnotatedPair[], options: AwareOptions = {}): AwareFit {
  const { iterations = 60, level = 0.95, terms: kinds = ['accuracy'] } = options;
  const data = indexed(counts);
  if (data.judgements.length === 0) return { defined: false, reason: 'nothing was compared', n: 0 };
  if (kinds.includes('position') && data.judgements.every(({ order }) => order === 0))
    return { defined: false, reason: 'a position term needs to know what was shown first', n: data.n };
  if (kinds.includes('length') && data.judgements.every(({ lengths }) => lengths === 0))
    return { defined: false, reason: 'a length term needs lengths that differ', n: data.n };
  const learned = termKinds.flatMap((kind, at) => (kinds.includes(kind) ? [at] : []));
  const groups = itemGroups(data.items.length, data.judgements);
  const terms = data.annotators.map(() => Float64Array.from(termKinds, (kind, at) => (learned.includes(at) ? termPriors[kind].mean : 0)));
  const learnsSpread = options.spread === undefined;
  let spread = options.spread ?? 1;
  let converged = false;
  let round = 0;
  let pace = 1;
  let before: Float64Array = new Float64Array(data.annotators.length * learned.length + 1);
  let information: AwareInformation;
  do {
    for (const group of groups) settleStrengths(group, terms, spread, kinds.includes('accuracy'), round === 0 ? 5 : 2);
    information = new AwareInformation({ groups, terms, learned, spread, learnsSpread });
    const whole = information.step();
    // steps that turn back come from a curved ridge (accuracy against spread): shorter ones follow it
    pace = whole.reduce((sum, move, at) => sum + move * (before[at] as number), 0) < 0 ? pace / 2 : Math.min(1, 1.2 * pace);
    before = whole;
    const largest = whole.reduce((most, move) => Math.max(most, Math.abs(move)), 0);
    const step = whole.map((move) => move * Math.min(pace, 0.5 / largest));
    terms.forEach((own, annotator) => {
      learned.forEach((at, row) => {
        own[at] = (own[at] as number) + (step[annotator * learned.length + row] as number);
      });
    });
    if (learnsSpread) spread *= Math.exp(step.at(-1) as number);
    converged = largest < 1e-4;
    round += 1;
  } while (!converged && round < iterations);
  const covariance = information.covariance();
  return {
    defined: true,
    annotators: data.annotators.map((annotator, at) => {
      const fitted = { judgements: data.counts[at] as number, own: terms[at] as TermValues, learned, spread, level };
      // the parameters that this annotator's numbers hang on: the own terms and the spread
      const places = [
        ...learned.map((_, row) => at * learned.length + row),
        ...(learnsSpread ? [data.annotators.length * learned.length] : []),
      ];
      return {
        annotator,
        ...describe(fitted, (row, column) => covariance(places[row] as number, places[column] as number), places.length),
      };
    }),
    items: groups.flatMap((group) =>
      group.items.map((item, at) => {
        const variance = group.covariance[at * group.items.length + at] as number;
        return { item: data.items[item] as string, mean: group.mean[at] as number, deviation: Math.sqrt(variance) };
      }),
    ),
    spread,
    iterations: round,
    converged,
    n: data.n,
  };
}

function indexed(counts: readonly AnnotatedPair[]) {
  const items = new Map<string, number>();
  const annotators = new Map<string, number>();
  const place = (names: Map<string, number>, name: string) => {
    const at = names.get(name) ?? names.size;
    names.set(name, at);
    return at;
  };
  const judged: number[] = [];
  const judgements = counts.flatMap(({ annotator, first, lengths = 0, losses, order = 0, second, ties = 0, wins }): Judgement[] => {
    if (wins + losses + ties === 0) return [];
    const who = place(annotators, annotator);
    judged[who] = (judged[who] ?? 0) + wins + losses + ties;
    return [
      {
        first: place(items, first),
        second: place(items, second),
        annotator: who,
        wins: wins + ties / 2,
        losses: losses + ties / 2,
        order,
        lengths,
      },
    ];
  });
  return {
    items: [...items.keys()],
    annotators: [...annotators.keys()],
    judgements,
    counts: judged,
    n: judged.reduce((sum, count) => sum + count, 0),
  };
}

interface Fitted {
  readonly judgements: number;
  readonly own: TermValues;
  readonly learned: readonly number[];
  readonly spread: number;
  readonly level: number;
}

function describe(
  fitted: Fitted,
  covariance: (row: number, column: number) => number,
  parameters: number,
): Omit<AnnotatorTerms, 'annotator'> {
  const { judgements, learned, level, own } = fitted;
  const z = normalQuantile(0.5 + level / 2);
  const interval = (free: number, variance: number, shown: (free: number) => number): Estimate => {
    const half = z * Math.sqrt(variance);
    return { defined: true, value: shown(free), low: shown(free - half), high: shown(free + half), n: judgements, level };
  };
  const term = (kind: TermKind, shown: (free: number) => number): Estimate | null => {
    const at = termKinds.indexOf(kind);
    const row = learned.indexOf(at);
    return row < 0 ? null : interval(own[at] as number, covariance(row, row), shown);
  };
  const right = logitOfRight(fitted, []);
  const slopes = Array.from({ length: parameters }, (_, row) => (logitOfRight(fitted, [row, 1e-4]) - right) / 1e-4);
  let variance = 0;
  slopes.forEach((a, row) => {
    slopes.forEach((b, column) => {
      if (a !== 0 && b !== 0) variance += a * b * covariance(row, column);
    });
  });
  return {
    judgements,
    accuracy: term('accuracy', sigmoid),
    temperature: term('temperature', Math.exp),
    position: term('position', (value) => value),
    length: term('length', (value) => value),
    right: interval(right, Math.max(variance, 0), sigmoid),
  };
}

/**
 * logit of E[eta sigmoid(tau |D|) + (1 - eta) sigmoid(-tau |D|)], D ~ N(0, 2 spread^2), with one of the parameters moved: a place in `learned`, or the one
 * after it for the log of the spread.
 */
function logitOfRight({ learned, own, spread }: Fitted, [moved, by = 0]: readonly number[]): number {
  const values = Float64Array.from(own);
  const at = moved === undefined ? undefined : learned[moved];
  if (at !== undefined) values[at] = (values[at] as number) + by;
  const wide = moved === learned.length ? spread * Math.exp(by) : spread;
  const eta = learned.includes(0) ? sigmoid(values[0] as number) : 1;
  const sharpness = Math.exp(values[1] as number) * Math.SQRT2 * wide;
  let sum = 0;
  let mass = 0;
  for (let z = 0.01; z < 6; z += 0.02) {
    const density = Math.exp((-z * z) / 2);
    sum += density * sigmoid(sharpness * z);
    mass += density;
  }
  const right = 1 - eta + (2 * eta - 1) * (sum / mass);
  return Math.log(right / (1 - right));
}
