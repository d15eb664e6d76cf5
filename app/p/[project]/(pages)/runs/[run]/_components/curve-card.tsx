'use client';

import { useFormatter, useTranslations } from 'use-intl/react';
import { LineChart } from '../../../../../../_components/charts/line-chart';
import { smooth } from '../../../../../../_components/charts/scale';
import { TableTwin } from '../../../../../../_components/charts/table-twin';
import { Help } from '../../../../../../_components/ui/help';
import styles from './run.module.css';
import type { Curve } from './use-run';

interface Props {
  title: string;
  help?: string;
  curve: Curve;
  smoothing: number;
  totalSteps: number | null;
  restarts: readonly number[];
  digits: number;
  percent?: boolean;
  sparse?: boolean;
  level?: number;
}

/** One metric over the steps of the run: raw thin, smoothed thick, its last value in words. */
export function CurveCard({ title, help, curve, smoothing, totalSteps, restarts, digits, percent, sparse, level }: Props) {
  const t = useTranslations('runs');
  const format = useFormatter();
  const show = (value: number) =>
    percent
      ? format.number(value, { style: 'percent', maximumFractionDigits: digits })
      : format.number(value, { maximumFractionDigits: digits, minimumFractionDigits: Math.abs(value) >= 1000 ? 0 : digits });
  const axis = (value: number) =>
    percent
      ? format.number(value, { style: 'percent' })
      : format.number(value, { maximumSignificantDigits: 4, notation: Math.abs(value) >= 10_000 ? 'compact' : 'standard' });
  const step = (value: number) => format.number(value, value >= 10_000 ? { notation: 'compact' } : {});
  const points = curve.mean;
  const smoothed = sparse ? points : smooth(points, smoothing);
  const last = smoothed.at(-1)?.[1];
  return (
    <section className={`card ${styles.curve}`}>
      <header>
        {help ? <Help text={help}>{title}</Help> : <span className="mono anywhere">{title}</span>}
        <b title={t('last')}>{last === undefined || !Number.isFinite(last) ? '–' : show(last)}</b>
      </header>
      <LineChart
        label={title}
        height={134}
        series={sparse ? [{ points, marker: 'dot' }] : [{ points: curve.raw, width: 1, opacity: 0.35 }, { points: smoothed }]}
        xRange={[0, Math.max(totalSteps ?? 0, points.at(-1)?.[0] ?? 1, 1)]}
        levels={level === undefined ? [] : [level]}
        plumbs={restarts.map((x) => ({ x, kind: 'thin' as const }))}
        formatX={step}
        formatY={axis}
        xTicksWanted={4}
      />
      <TableTwin
        caption={title}
        columns={[t('column.step'), t('column.value')]}
        rows={() => points.map(([at, value]) => [format.number(at), format.number(value, { maximumSignificantDigits: 6 })])}
      />
    </section>
  );
}
