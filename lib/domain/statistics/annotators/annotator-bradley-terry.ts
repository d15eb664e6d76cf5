import type { PairCount } from '../comparisons/pair-counts';
import { type DescribedTerms, describeAnnotator } from './aware-describe';
import type { AwareSettings, AwareState } from './aware-fit';
import { itemGroups } from './aware-items';
import { type Judgement, populationPrior, type TermKind, termKinds, termPriors } from './aware-model';
import { givenSpread, integrateSpread, type SpreadPoint } from './aware-spread';

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

interface AnnotatorTerms extends DescribedTerms {
  readonly annotator: string;
  readonly judgements: number;
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
 * Bradley-Terry that knows annotators: terms at their most likely values under stated priors, with the strengths integrated out, and with the spread of
 * strengths integrated out over a grid. Items may be shared by all tasks (systems) or belong to one (answers).
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
  const settings: AwareSettings = { groups, learned, iterations };
  const start: AwareState = { terms, population: populationPrior.mean };
  const points = options.spread === undefined ? integrateSpread(start, settings) : [givenSpread(start, options.spread, settings)];
  return {
    defined: true,
    annotators: data.annotators.map((annotator, at) => {
      const judgements = data.counts[at] as number;
      return { annotator, judgements, ...describeAnnotator(points, at, { judgements, learned, level }) };
    }),
    items: groups.flatMap((group, at) =>
      group.items.map((item, place) => ({ item: data.items[item] as string, ...strengthOf(points, at, place) })),
    ),
    spread: Math.exp(points.reduce((sum, { spread, weight }) => sum + weight * Math.log(spread), 0)),
    iterations: points.reduce((sum, { rounds }) => sum + rounds, 0),
    converged: points.every(({ converged }) => converged),
    n: data.n,
  };
}

function strengthOf(points: readonly SpreadPoint[], group: number, place: number): { mean: number; deviation: number } {
  let mean = 0;
  let square = 0;
  for (const { items, weight } of points) {
    const own = items[group]?.[place] as SpreadPoint['items'][number][number];
    mean += weight * own.mean;
    square += weight * (own.variance + own.mean ** 2);
  }
  return { mean, deviation: Math.sqrt(square - mean ** 2) };
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
