import type { createFormatter } from 'use-intl/core';

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** Bytes in the unit that reads best. */
export function bytes(size: number, format: ReturnType<typeof createFormatter>): string {
  const power = Math.min(units.length - 1, size >= 1 ? Math.floor(Math.log10(size) / 3) : 0);
  const unit = units[power] ?? 'byte';
  return format.number(size / 1000 ** power, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: power === 0 ? 0 : 1 });
}
