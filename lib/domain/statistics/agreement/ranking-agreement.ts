import { kendallWOfRanks } from './concordance';
import { type Clustering, ratioStatistic } from './observed';
import { type RankingPairs, type RankingRow, rankingsByItem } from './ranking-table';
import type { WeightedStatistic } from './resample';

/**
 * What a pair of answers adds to the agreement of two rankings. `half`: a tie against a preference is half an agreement; `strict`: only
 * pairs on which neither ties are counted; `exact`: a tie agrees with a tie only.
 */
export type TieRule = 'half' | 'strict' | 'exact';

/** Value and weight of the comparison of two rankings; weight 0 leaves it out. */
type Measure = (pairs: RankingPairs, at: number) => { value: number; weight: number };

const measures: Readonly<Record<TieRule | 'tau' | 'tauB' | 'top', Measure>> = {
  half: (pairs, at) => ({ value: alike(pairs, at) + (pairs.oneTies[at] as number) / 2, weight: compared(pairs, at) }),
  exact: (pairs, at) => ({ value: alike(pairs, at), weight: compared(pairs, at) }),
  strict: ({ same, opposite }, at) => ({ value: same[at] as number, weight: (same[at] as number) + (opposite[at] as number) }),
  tau: (pairs, at) => {
    const all = compared(pairs, at);
    return all === 0 ? nothing : { value: 1 - (2 * (pairs.opposite[at] as number) + (pairs.oneTies[at] as number)) / all, weight: 1 };
  },
  tauB: ({ tauB }, at) => defined(tauB[at] as number),
  top: ({ top }, at) => defined(top[at] as number),
};

const nothing = { value: 0, weight: 0 };

function defined(value: number): { value: number; weight: number } {
  return Number.isNaN(value) ? nothing : { value, weight: 1 };
}

function alike({ same, bothTie }: RankingPairs, at: number): number {
  return (same[at] as number) + (bothTie[at] as number);
}

function compared({ same, opposite, bothTie, oneTies }: RankingPairs, at: number): number {
  return (same[at] as number) + (opposite[at] as number) + (bothTie[at] as number) + (oneTies[at] as number);
}

/** Over all rankings of one item by two annotators (or, `own`, by one annotator twice): the sum of values over the sum of weights. */
function over(
  pairs: RankingPairs,
  measure: Measure,
  settings: { clustering: Clustering; whose: 'between' | 'own'; reason: string; share: boolean },
): WeightedStatistic {
  const { clustering, whose, share } = settings;
  const entries = Array.from(pairs.item, (item, at) => ({ item, at, first: pairs.first[at] as number, second: pairs.second[at] as number }))
    .filter(({ first, second }) => (first === second) === (whose === 'own'))
    .map((entry) => ({ ...entry, ...measure(pairs, entry.at) }))
    .filter(({ weight }) => weight > 0);
  const reason = pairs.item.length === 0 ? 'no item has two rankings' : settings.reason;
  if (clustering === 'item') {
    const [values, counted] = [new Float64Array(pairs.items), new Float64Array(pairs.items)];
    for (const { item, value, weight } of entries) {
      values[item] = (values[item] as number) + value;
      counted[item] = (counted[item] as number) + weight;
    }
    return { ...ratioStatistic(values, counted, reason), share };
  }
  return {
    clusters: pairs.annotators.length,
    n: new Set(entries.flatMap(({ first, second }) => [first, second])).size,
    at: (weights) => {
      let [sum, counted] = [0, 0];
      for (const { first, second, value, weight } of entries) {
        const own = weights[first] as number;
        const times = whose === 'own' ? own : own * (weights[second] as number);
        sum += times * value;
        counted += times * weight;
      }
      return counted === 0 ? Number.NaN : sum / counted;
    },
    reason,
    share,
  };
}

const whoseReason = { between: 'no two annotators ranked two answers of one item', own: 'no annotator ranked an item twice' } as const;

/** Of all pairs of answers that two annotators ranked, the share on which they agree. */
export function pairwiseRankingAgreement(
  pairs: RankingPairs,
  rule: TieRule,
  clustering: Clustering = 'item',
  whose: 'between' | 'own' = 'between',
): WeightedStatistic {
  const reason = rule === 'strict' && pairs.item.length > 0 ? 'no pair of answers on which neither ties' : whoseReason[whose];
  return over(pairs, measures[rule], { clustering, whose, reason, share: true });
}

/**
 * 1 - 2 D, with D the mean over pairs of rankings of the share of answer pairs on which they differ (a tie against a preference: half). It
 * is 0 for rankings at random and, without ties, the mean of Kendall's tau: the agreement beyond chance.
 */
export function meanTau(pairs: RankingPairs, clustering: Clustering = 'item', whose: 'between' | 'own' = 'between'): WeightedStatistic {
  return over(pairs, measures.tau, { clustering, whose, reason: whoseReason[whose], share: false });
}

/** Mean of Kendall's tau-b over pairs of rankings; those in which one ties everything are left out. */
export function meanTauB(pairs: RankingPairs, clustering: Clustering = 'item', whose: 'between' | 'own' = 'between'): WeightedStatistic {
  return over(pairs, measures.tauB, { clustering, whose, reason: 'no two rankings of an item that each tell answers apart', share: false });
}

/** How often two annotators name the same best answer; where several share the first rank, the shared ones over all named. */
export function topAgreement(
  pairs: RankingPairs,
  clustering: Clustering = 'item',
  whose: 'between' | 'own' = 'between',
): WeightedStatistic {
  return over(pairs, measures.top, { clustering, whose, reason: whoseReason[whose], share: true });
}

/** Mean over items of Kendall's W (corrected for ties), over the answers that every ranking of the item has, where there are two or more. */
export function meanKendallW(rows: readonly RankingRow[]): WeightedStatistic {
  const { items } = rankingsByItem(rows);
  const values = Float64Array.from(items, ({ rankings }) => {
    const shared = [...(rankings[0]?.rankOf.keys() ?? [])].filter((id) => rankings.every(({ rankOf }) => rankOf.has(id)));
    if (rankings.length < 2 || shared.length < 2) return Number.NaN;
    return kendallWOfRanks(rankings.map(({ rankOf }) => shared.map((id) => rankOf.get(id) as number)));
  });
  return {
    clusters: items.length,
    n: values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0),
    at: (weights) => {
      let [sum, count] = [0, 0];
      for (let item = 0; item < values.length; item += 1) {
        const value = values[item] as number;
        if (Number.isNaN(value)) continue;
        sum += (weights[item] as number) * value;
        count += weights[item] as number;
      }
      return count === 0 ? Number.NaN : sum / count;
    },
    reason: 'no item with two rankings of the same answers that tell them apart',
    share: true,
  };
}
