'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { PersonDrift } from '#lib/services/quality/get-quality-report';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Icon } from '../../../../../_components/ui/icon';
import { useTRPC } from '../../../../../_trpc/client';
import { PauseDialog } from '../../people/_components/pause-dialog';
import { useFigures } from './use-figures';

/** A person whose checks changed: before, after, since when, how likely by chance; and what can be done. */
export function DriftNote({ projectId, drift, mayManage }: { projectId: string; drift: PersonDrift; mayManage: boolean }) {
  const t = useTranslations('quality');
  const router = useRouter();
  const figures = useFigures();
  const [pausing, setPausing] = useState(false);
  const dismiss = useMutation(useTRPC().quality.dismissDrift.mutationOptions({ onSuccess: () => router.refresh() }));
  const { before, after, medianMsBefore, medianMsAfter, userId } = drift;
  const person = drift.name ?? drift.label;
  if (!before.defined || !after.defined) return null;
  const times = medianMsBefore !== null &&
    medianMsAfter !== null && { before: figures.time(medianMsBefore), after: figures.time(medianMsAfter) };
  return (
    <section className="note row" style={{ alignItems: 'flex-start' }}>
      <Icon name="warn" />
      <div className="grow stack">
        <h2>{t('drift.title', { person, date: figures.day(drift.since) })}</h2>
        <p className="sm ink2">
          {t('drift.text', {
            before: figures.share(before.value),
            after: figures.share(after.value),
            nBefore: before.n,
            nAfter: after.n,
            low: figures.share(after.low),
            high: figures.share(after.high),
            oneIn: drift.oneIn,
            people: drift.people,
          })}
          {times &&
            times.before !== times.after &&
            ` ${t((medianMsAfter ?? 0) < (medianMsBefore ?? 0) ? 'drift.faster' : 'drift.slower', times)}`}
        </p>
        <ErrorNote error={dismiss.error} />
        {drift.paused && <p className="sm b">{t('drift.isPaused')}</p>}
        {mayManage && (
          <div className="row wrap">
            {!drift.paused && (
              <button type="button" className="btn" onClick={() => setPausing(true)}>
                {t('drift.pause')}
              </button>
            )}
            <button type="button" className="btn quiet" aria-busy={dismiss.isPending} onClick={() => dismiss.mutate({ projectId, userId })}>
              {t('drift.fine')}
            </button>
          </div>
        )}
      </div>
      {pausing && <PauseDialog projectId={projectId} userId={userId} person={person} onClose={() => setPausing(false)} />}
    </section>
  );
}
