import type { Estimate } from '#lib/domain/statistics/estimate';
import type { QualityReportView } from '#lib/services/quality/get-quality-report';
import { toCsv } from '../../../../../_components/charts/export';

const columns = ['section', 'name', 'measure', 'value', 'low', 'high', 'n', 'undefined_because'] as const;

/** The report as a table for a spreadsheet: a row a number. */
export function reportCsv(report: NonNullable<QualityReportView['report']>): string {
  const row = (section: string, name: string, measure: string, estimate: Estimate) =>
    estimate.defined
      ? [section, name, measure, estimate.value, estimate.low, estimate.high, estimate.n, null]
      : [section, name, measure, null, null, null, estimate.n, estimate.reason];
  const rows = (section: string, name: string, estimates: Readonly<Record<string, Estimate>>) =>
    Object.entries(estimates).map(([measure, estimate]) => row(section, name, measure, estimate));
  return toCsv(columns, [
    ...report.agreement.map(({ subject, label, measure, estimate }) => row('agreement', label ?? subject, measure, estimate)),
    ...rows('labels', 'all', report.biases),
    ...report.dwell.flatMap(({ kind, tooFast }) => rows('kind', kind, { tooFast })),
    ...report.guidelines.flatMap(({ version, agreement, tieRate, gold }) =>
      rows('guideline', String(version), { agreement, tieRate, gold }),
    ),
    ...report.rows.flatMap(({ label, gold, repeats, peers, position, longerWins, tooFast }) =>
      rows('person', label, { gold, repeats, peers, firstWins: position.share, longerWins, tooFast }),
    ),
  ]);
}
