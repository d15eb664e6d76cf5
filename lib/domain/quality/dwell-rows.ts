import type { Estimate } from '#lib/domain/statistics/estimate';
import { quantile } from '#lib/domain/statistics/summary';
import { tooFast } from './label-biases';
import { groupBy, type QualityData } from './label-data';

/** How long the tasks of a kind take. */
export interface DwellRow {
  readonly kind: string;
  readonly labels: number;
  /** Of labels with a measured time; null where none has one. */
  readonly times: { readonly n: number; readonly lowerQuartile: number; readonly median: number; readonly upperQuartile: number } | null;
  readonly floorMs: number;
  readonly tooFast: Estimate;
}

/** The active time of labels by kind, the commonest kind first. */
export function dwellRows({ labels, minMs }: Pick<QualityData, 'labels' | 'minMs'>): DwellRow[] {
  return [...groupBy(labels, ({ kind }) => kind)]
    .map(([kind, own]): DwellRow => {
      const measured = own.map(({ activeMs }) => activeMs).filter((activeMs) => activeMs > 0);
      const at = (share: number) => Math.round(quantile(measured, share));
      return {
        kind,
        labels: own.length,
        times: measured.length === 0 ? null : { n: measured.length, lowerQuartile: at(0.25), median: at(0.5), upperQuartile: at(0.75) },
        floorMs: minMs[kind] ?? 0,
        tooFast: tooFast(own, minMs),
      };
    })
    .sort((a, b) => b.labels - a.labels || (a.kind < b.kind ? -1 : 1));
}
