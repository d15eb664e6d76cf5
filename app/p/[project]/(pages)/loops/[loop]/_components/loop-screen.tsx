'use client';

import { useMutation, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { type FormEvent, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import type { LoopView } from '#lib/services/loops/loop-view';
import { Dialog } from '../../../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../../../_components/ui/error-note';
import { Field } from '../../../../../../_components/ui/field';
import { Icon } from '../../../../../../_components/ui/icon';
import { StateChip } from '../../../../../../_components/ui/state-chip';
import { useTRPC } from '../../../../../../_trpc/client';
import styles from './loop.module.css';
import { Decisions, DistanceChart, Taken } from './loop-lower';
import { RoundsTable } from './rounds-table';
import { type LoopRights, WaitingNote } from './waiting-note';

interface Props {
  slug: string;
  initial: LoopView;
  rights: LoopRights;
}

/** While it moves it is looked at again every three seconds; while people have it, every ten. */
const fast = 3_000;
const slow = 10_000;

export function LoopScreen({ slug, initial, rights }: Props) {
  const t = useTranslations('loops');
  const common = useTranslations('common');
  const format = useFormatter();
  const trpc = useTRPC();
  const query = useQuery(
    trpc.loops.get.queryOptions(
      { loopId: initial.id },
      {
        initialData: initial,
        refetchInterval: ({ state }) => {
          const view = state.data;
          if (!view || view.status === 'DONE' || view.status === 'CANCELLED') return false;
          return view.waiting ? slow : fast;
        },
      },
    ),
  );
  const loop = query.data;
  const again = { onSuccess: () => query.refetch() };
  const start = useMutation(trpc.loops.start.mutationOptions(again));
  const pause = useMutation(trpc.loops.pause.mutationOptions(again));
  const resume = useMutation(trpc.loops.resume.mutationOptions(again));
  const cancel = useMutation(trpc.loops.cancel.mutationOptions(again));
  const [ending, setEnding] = useState(false);
  const over = loop.status === 'DONE' || loop.status === 'CANCELLED';
  const link = { link: (text: React.ReactNode) => <Link href={`/p/${slug}/models/${loop.reference.id}`}>{text}</Link> };
  const chip = loop.waiting && loop.waiting.kind !== 'paused' && loop.waiting.kind !== 'failed' && loop.waiting.kind !== 'cancelled';

  function end(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get('reason')).trim();
    setEnding(false);
    cancel.mutate({ loopId: loop.id, ...(reason && { reason }) });
  }

  return (
    <div className="page">
      <div className={styles.head}>
        <h1>
          <bdi>{loop.name}</bdi>
        </h1>
        {chip && loop.waiting ? (
          <StateChip state="WAITING" word={t(loop.waiting.for === 'ANNOTATOR' ? 'head.waitingPeople' : 'head.waiting')} />
        ) : (
          <StateChip state={loop.waiting?.kind === 'failed' ? 'FAILED' : loop.status} />
        )}
        <span className="sm dim anywhere">
          {loop.started
            ? t.rich('head.round', {
                n: loop.rounds.length,
                max: loop.config.maxRounds,
                model: loop.reference.name,
                date: format.dateTime(loop.createdAt, { day: 'numeric', month: 'long' }),
                ...link,
              })
            : t.rich('head.notStarted', { model: loop.reference.name, ...link })}
        </span>
        {query.isError && (
          <span className="chip warn" role="status">
            <Icon name="clock" />
            {common('stale', {
              time: format.dateTime(query.dataUpdatedAt, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
            })}
          </span>
        )}
        {rights.operate && !over && (
          <div className={styles.actions}>
            {!loop.started && (
              <button type="button" className="btn primary" aria-busy={start.isPending} onClick={() => start.mutate({ loopId: loop.id })}>
                {t('do.start')}
              </button>
            )}
            {loop.status === 'RUNNING' && (
              <button type="button" className="btn" aria-busy={pause.isPending} onClick={() => pause.mutate({ loopId: loop.id })}>
                <Icon name="pause" />
                {t('do.pause')}
              </button>
            )}
            <button type="button" className="btn danger" onClick={() => setEnding(true)}>
              {t('do.cancel')}
            </button>
          </div>
        )}
      </div>
      <ErrorNote error={start.error ?? pause.error ?? resume.error ?? cancel.error} />
      {loop.waiting && !over && (
        <WaitingNote
          loop={loop}
          waiting={loop.waiting}
          slug={slug}
          rights={rights}
          resuming={resume.isPending}
          onResume={() => resume.mutate({ loopId: loop.id })}
          onChange={() => void query.refetch()}
        />
      )}
      <RoundsTable loop={loop} slug={slug} />
      <div className={styles.lower}>
        <DistanceChart loop={loop} />
        <Decisions decisions={loop.decisions} />
        <Taken loop={loop} />
      </div>
      {ending && (
        <Dialog title={t('cancel.title')} onClose={() => setEnding(false)}>
          <form onSubmit={end} className="stack">
            <p className="ink2">{t('cancel.text')}</p>
            <Field label={t('cancel.reason')}>{(ids) => <textarea {...ids} name="reason" maxLength={4000} dir="auto" />}</Field>
            <div className="actions">
              <button type="button" className="btn lg" onClick={() => setEnding(false)}>
                {common('cancel')}
              </button>
              <button type="submit" className="btn danger lg">
                {t('cancel.do')}
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </div>
  );
}
