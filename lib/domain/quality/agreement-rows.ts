import type { Random } from '#lib/domain/random';
import { krippendorffAlpha, type Metric } from '#lib/domain/statistics/agreement/krippendorff';
import { type LabelRow, labelTable } from '#lib/domain/statistics/agreement/label-table';
import { meanTau, meanTauB, pairwiseRankingAgreement } from '#lib/domain/statistics/agreement/ranking-agreement';
import { preferenceRows, type RankingRow, rankingPairs } from '#lib/domain/statistics/agreement/ranking-table';
import { estimateAll } from '#lib/domain/statistics/agreement/resample';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { type AskedParts, type QualityData, type QualityLabel, resamplesOf, shownRanks } from './label-data';

/** What people judged, by what the agreement is measured, and the value; 0 is chance and 1 full agreement unless `scale` says share. */
export interface AgreementRow {
  readonly subject: 'order' | 'pair' | 'rating' | 'flag' | 'mark';
  /** The project's own word for a rating, flag or mark. */
  readonly label: string | null;
  readonly measure: 'tau' | 'tau-b' | 'alpha-nominal' | 'alpha-ordinal' | 'pairs';
  readonly scale: 'corrected' | 'share';
  readonly estimate: Estimate;
}

/**
 * How far people agree on each thing they judge, each with an interval from drawing whole tasks again. `breathe` is awaited between
 * them: the process that computes has other things to do.
 */
export async function agreementRows(data: QualityData, random: Random, breathe: () => Promise<void>): Promise<AgreementRow[]> {
  const rows = rankingRows(data.labels, random);
  for (const row of partRows(data, random)) {
    await breathe();
    rows.push(row());
  }
  return rows;
}

export function rankingsOf(labels: readonly QualityLabel[]): RankingRow[] {
  return labels
    .filter(({ content }) => Object.keys(content.ranks ?? {}).length > 1)
    .map((label) => ({ item: label.taskId, annotator: label.annotator, responses: label.displayOrder, ranks: shownRanks(label) }));
}

function rankingRows(labels: readonly QualityLabel[], random: Random): AgreementRow[] {
  const rows = rankingsOf(labels);
  if (rows.length === 0) return [];
  const pairs = rankingPairs(rows);
  const resamples = resamplesOf(labels.length);
  const found = estimateAll(
    { tau: meanTau(pairs), tauB: meanTauB(pairs), share: pairwiseRankingAgreement(pairs, 'half') },
    { random: random.fork('rankings'), resamples },
  );
  const alpha = krippendorffAlpha(labelTable(preferenceRows(rows, 'any')), 'nominal');
  const corrected = { label: null, scale: 'corrected' } as const;
  return [
    { ...corrected, subject: 'order', measure: 'tau', estimate: found.tau },
    { ...corrected, subject: 'order', measure: 'tau-b', estimate: found.tauB },
    {
      ...corrected,
      subject: 'pair',
      measure: 'alpha-nominal',
      estimate: estimateAll({ alpha }, { random: random.fork('pairs'), resamples }).alpha,
    },
    { subject: 'pair', label: null, measure: 'pairs', scale: 'share', estimate: found.share },
  ];
}

/** Ratings, flags and marks, each by its key; what a form asks and nobody used is there too, as having no variation. */
function partRows({ labels, forms }: QualityData, random: Random): (() => AgreementRow)[] {
  const resamples = resamplesOf(labels.length);
  const asked = (part: keyof AskedParts) =>
    new Map([...forms.values()].flatMap((form) => form[part].map(({ key, label }) => [key, label] as const)));
  const named = (
    part: keyof AskedParts,
    subject: AgreementRow['subject'],
    metric: Metric,
    rowsOf: (label: QualityLabel, key: string) => LabelRow[],
  ) =>
    [...asked(part)].map(([key, label]) => (): AgreementRow => {
      const rows = labels.flatMap((each) =>
        forms.get(each.formVersionId)?.[part].some((one) => one.key === key) ? rowsOf(each, key) : [],
      );
      const alpha = krippendorffAlpha(labelTable(rows), metric);
      const { estimate } = estimateAll({ estimate: alpha }, { random: random.fork(`${part} ${key}`), resamples });
      return { subject, label, measure: metric === 'ordinal' ? 'alpha-ordinal' : 'alpha-nominal', scale: 'corrected', estimate };
    });
  return [
    ...named('ratings', 'rating', 'ordinal', ratingRows),
    ...named('flags', 'flag', 'nominal', flagRows),
    ...named('marks', 'mark', 'nominal', markRows),
  ];
}

function ratingRows({ taskId, annotator, content }: QualityLabel, key: string): LabelRow[] {
  return Object.entries(content.ratings ?? {}).flatMap(([subject, values]) => {
    const label = values[key];
    return label === undefined ? [] : [{ item: `${taskId} ${subject}`, group: taskId, annotator, label }];
  });
}

function flagRows({ taskId, annotator, content }: QualityLabel, key: string): LabelRow[] {
  return Object.entries(content.flags ?? {}).map(([subject, flags]) => {
    return { item: `${taskId} ${subject}`, group: taskId, annotator, label: flags.includes(key) ? 'yes' : 'no' };
  });
}

function markRows({ taskId, annotator, content }: QualityLabel, key: string): LabelRow[] {
  return Object.entries(content.spans ?? {}).map(([id, spans]) => {
    const label = spans.some(({ category }) => category === key) ? 'yes' : 'no';
    return { item: `${taskId} ${id}`, group: taskId, annotator, label };
  });
}
