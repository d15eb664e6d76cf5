import { itemCounts, type LabelTable } from './label-table';
import { ratioStatistic } from './observed';
import { type PreferenceTable, preferenceChance, preferenceCounts, preferenceKappa, preferenceTable } from './preference-agreement';
import type { PreferenceReport } from './report';
import type { WeightedStatistic } from './resample';

/** Inter- and intra-annotator agreement on preferences: statistics for the report, and the counts behind them. */
export function preferenceReport(table: LabelTable, tie: number) {
  const counts = itemCounts(table);
  const [inter, intra] = [preferenceTable(table, tie, 'all', counts), preferenceTable(table, tie, 'own', counts)];
  const statistics: Record<string, WeightedStatistic> = {
    wmtInterAnnotatorAgreement: agreementOf(inter),
    wmtInterAnnotatorKappa: preferenceKappa(inter),
    wmtIntraAnnotatorAgreement: agreementOf(intra),
    wmtIntraAnnotatorKappa: preferenceKappa(intra),
  };
  return { statistics, preferences: { inter: summary(inter), intra: summary(intra) } };
}

function agreementOf(table: PreferenceTable): WeightedStatistic {
  return ratioStatistic(
    table.agree,
    table.comparable,
    table.pairs === 'own' ? 'no annotator labelled an item twice' : 'no item has two labels',
  );
}

function summary(table: PreferenceTable): PreferenceReport {
  const counts = preferenceCounts(table);
  const kappa = preferenceKappa(table).at(new Int32Array(table.clusters).fill(1));
  return {
    ...counts,
    observed: counts.comparable === 0 ? null : counts.agree / counts.comparable,
    expected: counts.total === 0 ? null : preferenceChance(counts.ties, counts.total),
    kappa: Number.isNaN(kappa) ? null : kappa,
  };
}
