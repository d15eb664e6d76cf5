import type { Estimate } from '../estimate';
import { eloScale } from './elo';
import type { PairCount } from './pair-counts';
import { fitPairs, type StrengthOptions } from './strengths';
import { type WinRate, winRates } from './win-rates';

interface ArenaRow {
  readonly item: string;
  /** 1 + the number of items whose interval lies wholly above this one's: items that cannot be told apart share a rank. */
  readonly rank: number;
  /** Bradley-Terry strength on the scale of Elo; does not depend on the order of the games. */
  readonly rating: Estimate;
  readonly wins: WinRate;
  readonly comparisons: number;
}

export type ArenaTable =
  | { readonly defined: true; readonly rows: readonly ArenaRow[]; readonly order: Estimate | null; readonly n: number }
  | { readonly defined: false; readonly reason: string; readonly n: number };

/** The headline of an arena, best rating first. */
export function arenaTable(counts: readonly PairCount[], options: Omit<StrengthOptions, 'reference'> = {}): ArenaTable {
  const fitted = fitPairs(counts, options);
  if (!fitted.defined) return fitted;
  const ratings = fitted.strengths.map(({ estimate }) => onScale(estimate));
  const ranks = arenaRanks(ratings);
  const rates = new Map(winRates(counts, options.level).map((rate) => [rate.item, rate]));
  const rows = fitted.strengths.map(({ comparisons, item }, at) => {
    return { item, rank: ranks[at] as number, rating: ratings[at] as Estimate, wins: rates.get(item) as WinRate, comparisons };
  });
  const value = ({ rating }: ArenaRow) => (rating.defined ? rating.value : Number.NEGATIVE_INFINITY);
  return { defined: true, rows: rows.sort((a, b) => value(b) - value(a)), order: fitted.order, n: fitted.n };
}

function onScale(estimate: Estimate): Estimate {
  if (!estimate.defined) return estimate;
  return { ...estimate, value: eloScale(estimate.value), low: eloScale(estimate.low), high: eloScale(estimate.high) };
}

/** rank(a) = 1 + #{b: low(b) > high(a)}. */
export function arenaRanks(estimates: readonly Estimate[]): number[] {
  return estimates.map((own) => 1 + estimates.filter((other) => other.defined && own.defined && other.low > own.high).length);
}
