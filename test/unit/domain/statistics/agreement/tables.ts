import { createRandom } from '#lib/domain/random';
import { type Label, type LabelRow, type LabelTable, labelTable } from '#lib/domain/statistics/agreement/label-table';
import { estimate, type WeightedStatistic } from '#lib/domain/statistics/agreement/resample';

/** One row an annotator, one column an item; null and * are missing. */
export function byAnnotator(rows: readonly (readonly (Label | null)[])[], order?: readonly Label[]): LabelTable {
  const found: LabelRow[] = rows.flatMap((row, annotator) =>
    row.flatMap((label, item) => (label === null || label === '*' ? [] : [{ item: `${item}`, annotator: `${annotator}`, label }])),
  );
  return labelTable(found, order);
}

/** One row an item, one column an annotator. */
export function byItem(rows: readonly (readonly (Label | null)[])[], order?: readonly Label[]): LabelTable {
  const raters = Math.max(...rows.map((row) => row.length));
  return byAnnotator(
    Array.from({ length: raters }, (_, rater) => rows.map((row) => row[rater] ?? null)),
    order,
  );
}

/** The statistic of the data as they are. */
export function pointOf(statistic: WeightedStatistic): number {
  return statistic.at(new Int32Array(statistic.clusters).fill(1));
}

export function estimateOf(statistic: WeightedStatistic, resamples = 400) {
  return estimate(statistic, { random: createRandom(1, 'test'), resamples });
}
