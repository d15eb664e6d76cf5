'use client';

import { useRef, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { RunView } from '#lib/services/runs/get-run';
import { chartsToPng, saveFile, toCsv } from '../../../../../../_components/charts/export';
import { Icon } from '../../../../../../_components/ui/icon';
import { useTRPCClient } from '../../../../../../_trpc/client';
import { CurveCard } from './curve-card';
import { mainMetrics } from './metric-list';
import styles from './run.module.css';
import type { Curve, Curves } from './use-run';

const none: Curve = { mean: [], raw: [] };
/** So many rows are exported exactly; a longer run is exported as means of as many buckets. */
const exported = 5000;

interface Props {
  run: RunView;
  curves: Curves;
  restarts: readonly number[];
}

export function CurveGrid({ run, curves, restarts }: Props) {
  const t = useTranslations('runs');
  const [smoothing, setSmoothing] = useState(0.8);
  const client = useTRPCClient();
  const box = useRef<HTMLDivElement>(null);
  const main = mainMetrics[run.kind].filter((metric) => curves.has(metric.name));
  const known = new Set(main.map((metric) => metric.name));
  const others = [...curves.keys()].filter((name) => !known.has(name) && name !== 'epoch').sort();

  if (curves.size === 0) {
    const expected = mainMetrics[run.kind].length > 0;
    return expected ? (
      <section className="card">
        <div className="empty">
          <h2>{t('noCurves.title')}</h2>
          <p>{t('noCurves.text')}</p>
        </div>
      </section>
    ) : null;
  }

  async function csv() {
    const { series } = await client.runs.metrics.query({ runId: run.id, buckets: exported });
    const columns = series.map(({ points }) => new Map(points.map((point) => [point.step, point.mean])));
    const steps = [...new Set(columns.flatMap((values) => [...values.keys()]))].sort((a, b) => a - b);
    const rows = steps.map((step) => [step, ...columns.map((values) => values.get(step) ?? null)]);
    const names = series.map(({ name }) => name);
    saveFile(`run-${run.id.slice(0, 8)}.csv`, new Blob([toCsv(['step', ...names], rows)], { type: 'text/csv' }));
  }

  const shared = { smoothing, totalSteps: run.totalSteps, restarts };
  return (
    <div className="stack" ref={box}>
      {main.length > 0 && (
        <div className={styles.curves}>
          {main.map((metric) => (
            <CurveCard
              key={metric.name}
              {...shared}
              title={t(`metric.${metric.words}.name`)}
              help={t(`metric.${metric.words}.help`)}
              curve={curves.get(metric.name) ?? none}
              digits={metric.digits}
              percent={metric.percent}
              sparse={metric.sparse}
              level={metric.level}
            />
          ))}
        </div>
      )}
      <div className={styles.controls}>
        <label className="row">
          {t('smoothing')}
          <input
            type="range"
            min={0}
            max={0.98}
            step={0.02}
            value={smoothing}
            onChange={(event) => setSmoothing(event.currentTarget.valueAsNumber)}
          />
          <output>{smoothing.toFixed(2)}</output>
        </label>
        <span className="dim">{t('smoothingHelp')}</span>
        <Checks run={run} curves={curves} />
        <button
          type="button"
          className={styles.linkish}
          onClick={async () => box.current && saveFile(`run-${run.id.slice(0, 8)}.png`, await chartsToPng(box.current))}
        >
          {t('png')}
        </button>
        <button type="button" className={styles.linkish} onClick={csv}>
          {t('csv')}
        </button>
      </div>
      {others.length > 0 && (
        <details open={main.length === 0}>
          <summary className="sm">{t('moreCurves', { n: others.length })}</summary>
          <div className={styles.curves} style={{ marginTop: 'var(--s-1)' }}>
            {others.map((name) => (
              <CurveCard
                key={name}
                {...shared}
                title={name}
                curve={curves.get(name) ?? none}
                digits={3}
                sparse={name.startsWith('validation/')}
              />
            ))}
          </div>
        </details>
      )}
    </div>
  );
}

/** What the trainer checks at every step; a check that fails stops the run, so that a run that goes on has passed them. */
function Checks({ run, curves }: { run: RunView; curves: Curves }) {
  const t = useTranslations('runs');
  if (run.reasonCode === 'INVARIANT') {
    return (
      <span className="row" style={{ color: 'var(--bad)' }}>
        <Icon name="x" />
        {t('checks.broken', { reason: run.reason ?? '' })}
      </span>
    );
  }
  const ratios = curves.get('policy/firstLogRatio');
  const largest = ratios?.raw.reduce((most, [, value]) => Math.max(most, value), 0);
  return (
    <span className="row" style={{ color: 'var(--ok)' }}>
      <Icon name="check" />
      {largest === undefined ? t('checks.finite') : t('checks.ok', { value: largest.toPrecision(2) })}
    </span>
  );
}
