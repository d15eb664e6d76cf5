'use client';

import { useFormatter, useTranslations } from 'use-intl/react';
import type { ArenaView } from '#lib/services/arena/get-arena';
import { IntervalChart, type IntervalRow } from '../../../../../_components/charts/interval-chart';

const longestName = 24;

/** Ratings with their intervals on one scale; the table below it holds the same numbers. */
export function RatingChart({ models }: { models: ArenaView['models'] }) {
  const t = useTranslations('arena');
  const format = useFormatter();
  const points = (value: number) => format.number(value, { maximumFractionDigits: 0 });
  const rows = models.flatMap(({ name, rank, rating }): IntervalRow[] => {
    if (!rating.defined) return [];
    const { value, low, high } = rating;
    // The whole name stands in the table below; here it has to fit beside its line.
    const short = name.length > longestName ? `${name.slice(0, longestName - 1).trimEnd()}…` : name;
    return [
      {
        name: `${short}: ${points(value)}`,
        value,
        low,
        high,
        marker: rank === 1 ? 'dot' : 'square',
        color: rank === 1 ? 'var(--d1)' : 'var(--d2)',
      },
    ];
  });
  const low = Math.min(...rows.map((row) => row.low));
  const high = Math.max(...rows.map((row) => row.high));
  const room = Math.max(20, (high - low) * 0.1);
  const label = models.flatMap(({ name, rating }) =>
    rating.defined ? [t('rating.value', { name, value: points(rating.value), low: points(rating.low), high: points(rating.high) })] : [],
  );
  return <IntervalChart label={label.join('; ')} rows={rows} range={[low - room, high + room]} format={points} />;
}
