'use client';

import { useFormatter, useTranslations } from 'use-intl/react';
import type { ArenaView } from '#lib/services/arena/get-arena';
import { IntervalChart, type IntervalRow } from '../../../../../_components/charts/interval-chart';

/** Ratings with their intervals on one scale; the table below it holds the same numbers. */
export function RatingChart({ models }: { models: ArenaView['models'] }) {
  const t = useTranslations('arena');
  const format = useFormatter();
  const points = (value: number) => format.number(value, { maximumFractionDigits: 0 });
  const rows = models.flatMap(({ name, rank, rating }): IntervalRow[] => {
    if (!rating.defined) return [];
    const { value, low, high } = rating;
    const text = t('rating.value', { name, value: points(value), low: points(low), high: points(high) });
    return [{ name: text, value, low, high, marker: rank === 1 ? 'dot' : 'square', color: rank === 1 ? 'var(--d1)' : 'var(--d2)' }];
  });
  const low = Math.min(...rows.map((row) => row.low));
  const high = Math.max(...rows.map((row) => row.high));
  const room = Math.max(20, (high - low) * 0.1);
  return <IntervalChart label={rows.map(({ name }) => name).join('; ')} rows={rows} range={[low - room, high + room]} format={points} />;
}
