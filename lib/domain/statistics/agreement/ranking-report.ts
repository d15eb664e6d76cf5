import { cohenKappa } from './cohen';
import { comparableItems, type LabelTable, labelTable } from './label-table';
import { observedAgreement, observedAgreementByAnnotator } from './observed';
import { pairedLabels } from './paired-labels';
import { preferenceKappa, preferenceTable } from './preference-agreement';
import { preferenceReport } from './preference-report';
import { meanKendallW, meanTau, meanTauB, pairwiseRankingAgreement, topAgreement } from './ranking-agreement';
import { preferenceRows, type RankingPairs, type RankingRow, rankingPairs } from './ranking-table';
import { type AgreementReport, estimateMixed, mostPairedAnnotators, type PairReport, type ReportOptions, resamplesFor } from './report';
import { estimateAll, type WeightedStatistic } from './resample';

/** Everything that can be said about how far rankings agree. */
export function rankingReport(rows: readonly RankingRow[], options: ReportOptions): AgreementReport {
  // a ranking of one answer compares nothing; without it every table has the same items
  const told = rows.filter(({ ranks }) => ranks.filter((rank) => rank !== null).length > 1);
  const pairs = rankingPairs(told);
  const table = labelTable(preferenceRows(told, 'any'));
  const shown = labelTable(preferenceRows(told, 'shown'));
  const published = preferenceReport(shown, shown.categories.indexOf('='));
  const resamples = resamplesFor(table.category.length, options.resamples);
  const settings = { random: options.random, level: options.level, resamples };
  const byAnnotator = options.cluster === 'annotator';
  const statistics: Record<string, WeightedStatistic> = {
    observedAgreement: observedAgreement(table),
    ...rankingStatistics(pairs, 'item'),
    kendallW: meanKendallW(told),
    pairwiseKappa: preferenceKappa(preferenceTable(table, table.categories.indexOf('='), 'all')),
    intraAnnotatorAgreement: pairwiseRankingAgreement(pairs, 'half', 'item', 'own'),
    ...published.statistics,
  };
  const overAnnotators = byAnnotator
    ? { observedAgreement: observedAgreementByAnnotator(table), ...rankingStatistics(pairs, 'annotator') }
    : {};
  const found = estimateMixed(statistics, overAnnotators, settings);
  const everyone = new Set(rows.map(({ annotator }) => annotator));
  return {
    kind: 'rankings',
    statistics: found,
    tests: {},
    preferences: published.preferences,
    categories: null,
    pairs: everyone.size > mostPairedAnnotators ? null : pairReports(told, table, settings),
    counts: {
      judgements: rows.length,
      items: new Set(rows.map(({ item }) => item)).size,
      comparableItems: comparableItems(labelTable(told.map(({ item, annotator }) => ({ item, annotator, label: '' })))),
      annotators: everyone.size,
    },
    resamples,
  };
}

function rankingStatistics(pairs: RankingPairs, cluster: 'item' | 'annotator'): Record<string, WeightedStatistic> {
  return {
    pairwiseAgreementTieHalf: pairwiseRankingAgreement(pairs, 'half', cluster),
    pairwiseAgreementStrictOnly: pairwiseRankingAgreement(pairs, 'strict', cluster),
    pairwiseAgreementTieExact: pairwiseRankingAgreement(pairs, 'exact', cluster),
    chanceCorrectedAgreement: meanTau(pairs, cluster),
    meanKendallTauB: meanTauB(pairs, cluster),
    topRankAgreement: topAgreement(pairs, cluster),
  };
}

function pairReports(rows: readonly RankingRow[], table: LabelTable, settings: Parameters<typeof estimateAll>[1]): PairReport[] {
  return table.annotators.flatMap((a, first) =>
    table.annotators.slice(first + 1).map((b, after): PairReport => {
      const random = settings.random.fork(`${a} ${b}`);
      const two = rankingPairs(rows.filter(({ annotator }) => annotator === a || annotator === b));
      const kappa = { cohenKappa: cohenKappa(pairedLabels(table, first, first + 1 + after)) };
      const statistics = {
        ...estimateAll(rankingStatistics(two, 'item'), { ...settings, random }),
        ...estimateAll(kappa, { ...settings, random }),
      };
      return { annotators: [a, b], statistics };
    }),
  );
}
