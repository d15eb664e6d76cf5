'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl/react';
import { type ReportScope, scopeKey } from '#lib/domain/quality/report-scope';
import type { QualityReportView } from '#lib/services/quality/get-quality-report';
import { saveFile } from '../../../../../_components/charts/export';
import { Icon } from '../../../../../_components/ui/icon';
import { useTRPC } from '../../../../../_trpc/client';
import { reportCsv } from './report-csv';
import { ScopeFilter } from './scope-filter';
import { useFigures } from './use-figures';

interface Props {
  projectId: string;
  scope: ReportScope;
  guidelines: readonly number[];
  report: QualityReportView['report'];
  computedAt: Date | null;
  pending: boolean;
}

const staleAfterMs = 10 * 60_000;
const lookEveryMs = 2_000;

/** Since when the numbers stand, and computing them again: by itself where they are old, or when asked. */
export function ReportHead({ projectId, scope, guidelines, report, computedAt, pending }: Props) {
  const t = useTranslations('quality');
  const router = useRouter();
  const figures = useFigures();
  const { mutate, isPending } = useMutation(useTRPC().quality.computeReport.mutationOptions({ onSuccess: () => router.refresh() }));
  const { days, guideline } = scope;
  const asked = useRef<string | null>(null);
  useEffect(() => {
    const old = !computedAt || Date.now() - computedAt.getTime() > staleAfterMs;
    const key = scopeKey({ days, guideline });
    if (!old || pending || asked.current === key) return;
    asked.current = key;
    mutate({ projectId, days, guideline });
  }, [computedAt, pending, projectId, days, guideline, mutate]);
  useEffect(() => {
    if (!pending) return;
    const timer = setInterval(() => router.refresh(), lookEveryMs);
    return () => clearInterval(timer);
  }, [pending, router]);
  const busy = pending || isPending;
  return (
    <div className="head">
      <h1>{t('title')}</h1>
      {report && <span className="sm dim">{t('counts', { labels: report.labels, people: report.people, tasks: report.tasks })}</span>}
      <span className="grow" />
      <span className="row wrap">
        <ScopeFilter scope={scope} guidelines={guidelines} />
        {computedAt && (
          <span className="sm dim" aria-live="polite">
            {t('asOf', { time: figures.moment(computedAt) })}
          </span>
        )}
        <button
          type="button"
          className="btn"
          aria-disabled={busy}
          aria-busy={busy}
          onClick={() => !busy && mutate({ projectId, ...scope })}
        >
          {busy ? t('computing') : t('again')}
        </button>
        {report && (
          <button
            type="button"
            className="btn"
            onClick={() =>
              saveFile(`${['quality', scopeKey(scope)].filter(Boolean).join('_')}.csv`, new Blob([reportCsv(report)], { type: 'text/csv' }))
            }
          >
            <Icon name="download" />
            {t('csv')}
          </button>
        )}
      </span>
    </div>
  );
}
