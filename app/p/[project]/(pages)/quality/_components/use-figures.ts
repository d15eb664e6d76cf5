'use client';

import { useFormatter, useTranslations } from 'use-intl/react';
import type { Estimate } from '#lib/domain/statistics/estimate';

/** How the numbers of this page are written: shares, intervals, times, and why something is undefined. */
export function useFigures() {
  const t = useTranslations('quality');
  const format = useFormatter();
  const share = (value: number) => format.number(value, { style: 'percent', maximumFractionDigits: 0 });
  const coefficient = (value: number) => format.number(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return {
    share,
    coefficient,
    count: (value: number) => format.number(value),
    range: ({ low, high }: { low: number; high: number }, as: 'share' | 'coefficient' = 'share') => {
      if (as === 'coefficient') return t('likely', { low: coefficient(low), high: coefficient(high) });
      return t('likely', { low: format.number(low * 100, { maximumFractionDigits: 0 }), high: share(high) });
    },
    money: (cents: number, currency: string) => format.number(cents / 100, { style: 'currency', currency }),
    /** Minutes and seconds. */
    time: (ms: number) => {
      const seconds = Math.round(ms / 1000);
      return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    },
    seconds: (ms: number) => t('dwell.seconds', { n: ms / 1000 }),
    day: (date: Date | string) => format.dateTime(new Date(date), { day: 'numeric', month: 'long' }),
    moment: (date: Date | string) =>
      format.dateTime(new Date(date), { day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit', hourCycle: 'h23' }),
    reason: (estimate: Estimate) => {
      if (estimate.defined) return '';
      const key = `reason.${estimate.reason}` as Parameters<typeof t.has>[0];
      return t.has(key) ? t(key) : estimate.reason;
    },
  };
}
