import type { Random } from '#lib/domain/random';
import type { Estimate } from '../estimate';
import type { KappaTest } from './fleiss';
import type { FTest } from './intraclass';
import type { Label } from './label-table';
import type { ChiSquareTest } from './marginal-homogeneity';
import type { Clustering } from './observed';
import type { PreferenceCounts } from './preference-agreement';
import { estimateAll, type WeightedStatistic } from './resample';

export interface ReportOptions {
  readonly random: Random;
  /** Whether items or annotators are resampled, where a statistic can do both. */
  readonly cluster: Clustering;
  readonly level: number;
  /** Default: 1000, fewer for more than 200,000 judgements. */
  readonly resamples?: number | undefined;
}

/** Two annotators compared. */
export interface PairReport {
  readonly annotators: readonly [string, string];
  readonly statistics: Readonly<Record<string, Estimate>>;
}

/** Agreement of pairs of labels `<`, `>`, `=` as the Workshop on Machine Translation reports it. */
export interface PreferenceReport extends PreferenceCounts {
  readonly observed: number | null;
  readonly expected: number | null;
  readonly kappa: number | null;
}

export interface AgreementReport {
  readonly kind: 'labels' | 'rankings';
  /** Observed agreement first. */
  readonly statistics: Readonly<Record<string, Estimate>>;
  readonly tests: Readonly<Record<string, ChiSquareTest | KappaTest | FTest | { readonly p: number } | null>>;
  readonly preferences: { readonly inter: PreferenceReport; readonly intra: PreferenceReport } | null;
  /** Fleiss's kappa of each category against the rest; null for too many of them. */
  readonly categories: readonly { readonly label: Label; readonly kappa: Estimate }[] | null;
  /** Null for more than ten annotators. */
  readonly pairs: readonly PairReport[] | null;
  readonly counts: {
    readonly judgements: number;
    readonly items: number;
    /** With two judgements or more. */
    readonly comparableItems: number;
    readonly annotators: number;
  };
  readonly resamples: number;
}

export const mostPairedAnnotators = 10;
export const mostCategories = 20;

export function resamplesFor(judgements: number, wanted: number | undefined): number {
  return wanted ?? Math.max(200, Math.min(1000, Math.floor(200_000_000 / Math.max(1, judgements))));
}

/** Statistics over items and statistics over annotators, each kind on draws of its own. Names keep their order. */
export function estimateMixed(
  statistics: Readonly<Record<string, WeightedStatistic>>,
  byAnnotator: Readonly<Record<string, WeightedStatistic>>,
  options: { readonly random: Random; readonly level: number; readonly resamples: number },
): Record<string, Estimate> {
  const { random, ...rest } = options;
  const overItems = Object.fromEntries(Object.entries(statistics).filter(([name]) => !(name in byAnnotator)));
  return {
    ...Object.fromEntries(Object.keys(statistics).map((name) => [name, { defined: false, reason: '', n: 0 } satisfies Estimate])),
    ...estimateAll(overItems, { random: random.fork('items'), ...rest }),
    ...estimateAll(byAnnotator, { random: random.fork('annotators'), ...rest }),
  };
}
