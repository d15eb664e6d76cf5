'use client';

import Link from 'next/link';
import { useFormatter, useTranslations } from 'use-intl/react';
import type { Refusal } from '#lib/services/labeling/claim-standing';
import { Icon } from '../../../../_components/ui/icon';
import { shownProgress } from '../_state/screen-state';
import styles from '../annotate.module.css';
import { useAnnotate, useScreen } from './annotate-context';
import { UndoButton } from './foot';

/** In place of a task: nothing left, or it did not come. Says why, what is safe and what next. */
export function NoTask() {
  const { reviewing } = useAnnotate();
  const phase = useScreen((state) => state.phase);
  // After a judgement in the review the labels come by themselves.
  if (phase === 'empty') return reviewing ? <Loading /> : <Empty />;
  return phase === 'trouble' ? <Stuck /> : <Loading />;
}

function Empty() {
  const t = useTranslations('annotate.empty');
  const { store } = useAnnotate();
  const done = useScreen((state) => shownProgress(state)?.done ?? 0);
  const takesBack = useScreen((state) => state.lastSent !== null);
  return (
    <section className={`card empty ${styles.card}`}>
      <h2>{t('title')}</h2>
      <p>{t('text', { done })}</p>
      <div className="row wrap">
        <button type="button" className="btn primary" onClick={() => void store.fetch()}>
          {t('look')}
        </button>
        {takesBack && <UndoButton />}
        <Link className="btn quiet" href="/">
          {t('home')}
        </Link>
      </div>
    </section>
  );
}

const worded = ['OFFLINE', 'UNAUTHENTICATED', 'FORBIDDEN'] as const;

function Stuck() {
  const t = useTranslations('annotate.trouble');
  const { store, project } = useAnnotate();
  const code = useScreen((state) => state.trouble?.code ?? 'INTERNAL');
  const need = useScreen((state) => state.trouble?.details?.need);
  const count = useScreen((state) => state.outbox.waiting.length);
  const known = needs.find((one) => one === need);
  if (code === 'PRECONDITION' && known) return <Needed need={known} />;
  return (
    <section className={`card empty ${styles.card}`} role="alert">
      <h2>{t('title')}</h2>
      <p>{t(worded.find((one) => one === code) ?? 'other')}</p>
      <p>{t('safe', { count })}</p>
      {code === 'UNAUTHENTICATED' ? (
        <a
          className="btn primary"
          href={`/sign-in?next=${encodeURIComponent(`/p/${project.slug}/annotate`)}`}
          target="_blank"
          rel="noopener"
        >
          {t('signIn')}
        </a>
      ) : (
        <button type="button" className="btn primary" onClick={() => store.retry()}>
          {t('again')}
        </button>
      )}
    </section>
  );
}

const needs: readonly Refusal[] = ['pause', 'training', 'qualification', 'dailyQuota', 'totalQuota'];

/** No fault: the project gives this person no task now. The own page says why, and has the way on. */
function Needed({ need }: { need: Refusal }) {
  const t = useTranslations('annotate');
  const format = useFormatter();
  const { store, project } = useAnnotate();
  const count = useScreen((state) => state.outbox.waiting.length);
  const takesBack = useScreen((state) => state.lastSent !== null);
  const midnight = new Date();
  midnight.setUTCHours(24, 0, 0, 0);
  const time = format.dateTime(midnight, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return (
    <section className={`card empty ${styles.card}`} role="status">
      <h2>{t(`need.${need}.title`)}</h2>
      <p>{t(`need.${need}.text`, { time })}</p>
      <p>{t('trouble.safe', { count })}</p>
      <div className="row wrap">
        <Link className="btn primary" href={`/p/${project.slug}/mine`}>
          {t(`need.${need}.go`)}
        </Link>
        <button type="button" className="btn" onClick={() => store.retry()}>
          {t('empty.look')}
        </button>
        {takesBack && <UndoButton />}
      </div>
    </section>
  );
}

/** The frame at once; grey lines only when it takes longer. */
export function Loading() {
  const t = useTranslations('annotate');
  return (
    <section className={styles.loading} aria-label={t('loading')} aria-busy="true">
      {['a', 'b', 'c', 'd'].map((column) => (
        <div key={column} className={styles.answer}>
          <header />
          <div className={styles.body}>
            <div className="skeleton" />
            <div className="skeleton" />
            <div className="skeleton" />
          </div>
          <footer />
        </div>
      ))}
    </section>
  );
}

/** Rankings that the server would not take: shown until the person leaves them out. */
export function Refused() {
  const t = useTranslations('annotate.refused');
  const { store } = useAnnotate();
  const refused = useScreen((state) => state.outbox.refused);
  const first = refused[0];
  if (first === undefined) return null;
  const { code, message } = first.trouble;
  return (
    <div className={`${styles.banner} ${styles.refused}`} role="alert">
      <Icon name="x" />
      <p className={styles.bannerText}>
        <b>{t('title')}</b>
        <span>{code === 'CONFLICT' ? t('CONFLICT') : message === '' ? t('none') : t('other', { message })}</span>
      </p>
      <button type="button" className="btn" onClick={() => store.discard(first.letter.key)}>
        {t('discard')}
      </button>
    </div>
  );
}
