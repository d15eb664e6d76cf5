'use client';

import { useMutation } from '@tanstack/react-query';
import Link from 'next/link';
import { useEffect, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import type { RunView } from '#lib/services/runs/get-run';
import { Dialog } from '../../../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../../../_components/ui/error-note';
import { Icon } from '../../../../../../_components/ui/icon';
import { StateChip } from '../../../../../../_components/ui/state-chip';
import { useTRPC } from '../../../../../../_trpc/client';
import { spanWords } from '../../_components/span-words';
import styles from './run.module.css';

interface Props {
  run: RunView;
  slug: string;
  staleSince: Date | null;
  mayOperate: boolean;
  /** After an action the screen shows the new state before the stream tells it. */
  onStatus: (status: RunView['status']) => void;
}

/** State, progress, time left and device in one line; what can be done with the run beside it. */
export function RunHead({ run, slug, staleSince, mayOperate, onStatus }: Props) {
  const t = useTranslations('runs');
  const common = useTranslations('common');
  const format = useFormatter();
  const trpc = useTRPC();
  const after = { onSuccess: ({ status }: { status: RunView['status'] }) => onStatus(status) };
  const pause = useMutation(trpc.runs.pause.mutationOptions(after));
  const resume = useMutation(trpc.runs.resume.mutationOptions(after));
  const cancel = useMutation(trpc.runs.cancel.mutationOptions(after));
  const [asking, setAsking] = useState(false);
  const running = run.status === 'RUNNING';
  const active = running || run.status === 'QUEUED';
  const share = run.totalSteps ? Math.min(1, run.step / run.totalSteps) : null;
  const bold = { b: (text: React.ReactNode) => <b>{text}</b> };
  const span = useSpan(run);
  const lastCheckpoint = run.checkpoints.at(-1)?.step ?? 0;
  const error = pause.error ?? resume.error ?? cancel.error;
  return (
    <>
      <div className={styles.head}>
        <h1>{run.roundOrdinal === null ? t(`kind.${run.kind}`) : t('name', { kind: t(`kind.${run.kind}`), n: run.roundOrdinal })}</h1>
        <StateChip
          state={run.status}
          word={
            run.cancelRequested && active
              ? t('stopping')
              : run.pauseRequested && active
                ? t('pausing')
                : run.status === 'QUEUED'
                  ? t('queued')
                  : undefined
          }
        />
        <span className="sm ink2">
          {run.totalSteps === null
            ? t.rich('stepOnly', { step: format.number(run.step), ...bold })
            : t.rich('step', { step: format.number(run.step), total: format.number(run.totalSteps), ...bold })}
        </span>
        {share !== null && (
          <span
            className={`progress ${styles.bar}`}
            role="progressbar"
            aria-label={t('progress', { percent: Math.round(share * 100) })}
            aria-valuenow={Math.round(share * 100)}
            aria-valuemin={0}
            aria-valuemax={100}
          >
            <i style={{ width: `${share * 100}%` }} />
          </span>
        )}
        {span && <span className="sm ink2">{t.rich(span.kind, { time: spanWords(span.milliseconds, t), ...bold })}</span>}
        {running && run.phase && !run.kind.endsWith('TRAINING') && <span className="sm dim">{t('phase', { phase: run.phase })}</span>}
        <span className="sep" />
        <span className="sm ink2">
          {t(`device.${run.device}`)}
          {run.engine && ` · ${run.engine.backend} · ${t('threads', { n: run.engine.threads })}`}
        </span>
        {run.loopId && (
          <Link className="sm anywhere" href={`/p/${slug}/loops/${run.loopId}`}>
            {t('loopOf', { loop: run.loopName ?? '' })}
          </Link>
        )}
        {staleSince && (
          <span className="chip warn" role="status">
            <Icon name="clock" />
            {common('stale', {
              time: format.dateTime(staleSince, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
            })}
          </span>
        )}
        {mayOperate && (
          <div className={styles.actions}>
            {active && !run.pauseRequested && (
              <button type="button" className="btn" aria-busy={pause.isPending} onClick={() => pause.mutate({ runId: run.id })}>
                <Icon name="pause" />
                {t('pause')}
              </button>
            )}
            {(run.status === 'PAUSED' || ((run.status === 'FAILED' || run.status === 'CANCELLED') && run.resumable)) && (
              <button type="button" className="btn primary" aria-busy={resume.isPending} onClick={() => resume.mutate({ runId: run.id })}>
                <Icon name="play" />
                {t('resume', { step: lastCheckpoint })}
              </button>
            )}
            {(active || run.status === 'PAUSED') && (
              <button type="button" className="btn danger" onClick={() => setAsking(true)}>
                {t('stop')}
              </button>
            )}
          </div>
        )}
      </div>
      <ErrorNote error={error} />
      {run.status === 'FAILED' && (
        <div className="note bad row" role="alert">
          <Icon name="x" />
          <div className="grow">
            <div className="b">{t('failed', { step: run.step })}</div>
            <div className="sm anywhere">{run.reason}</div>
            {run.checkpoints.length > 0 && <div className="sm ink2">{t('failedSafe')}</div>}
          </div>
        </div>
      )}
      {asking && (
        <Dialog title={t('stopTitle')} onClose={() => setAsking(false)}>
          <p className="ink2">{t('stopText')}</p>
          <div className="actions">
            <button type="button" className="btn lg" onClick={() => setAsking(false)}>
              {common('cancel')}
            </button>
            <button
              type="button"
              className="btn danger lg"
              onClick={() => {
                setAsking(false);
                cancel.mutate({ runId: run.id });
              }}
            >
              {t('stopDo')}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** Time it took, or time left by the pace since the start; null while nothing can be said. Drawn in the browser only: it is about now. */
function useSpan(run: RunView): { kind: 'left' | 'took'; milliseconds: number } | null {
  const [now, setNow] = useState<number | null>(null);
  useEffect(() => {
    const tick = () => setNow(Date.now());
    tick();
    const timer = setInterval(tick, 5_000);
    return () => clearInterval(timer);
  }, []);
  if (!run.startedAt) return null;
  const start = run.startedAt.getTime();
  if (run.finishedAt) return { kind: 'took', milliseconds: run.finishedAt.getTime() - start };
  if (now === null || run.status !== 'RUNNING' || !run.totalSteps || run.step < 2) return null;
  return { kind: 'left', milliseconds: ((now - start) / run.step) * (run.totalSteps - run.step) };
}
