'use client';

import { useEffect, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import { Icon } from '../../../../_components/ui/icon';
import type { ScreenState } from '../_state/screen-state';
import styles from '../annotate.module.css';
import { useAnnotate, useScreen } from './annotate-context';
import { useLine } from './use-line';

/** Save state, or what stands in the way of it: one place in the bar, of one width. On a phone only the save state has room there. */
export function Status({ short }: { short?: boolean }) {
  const notice = useScreen((state) => state.notice);
  const halted = useHalt();
  useSendOnReturn();
  return (
    <span className={short ? styles.statusShort : styles.status}>
      {!short && (
        <span role="status" className={styles.statusLine}>
          <Said />
        </span>
      )}
      {halted === null && notice === null && <SaveState short={short} />}
    </span>
  );
}

/** On a phone, in words of their own row: what stands in the way of saving, what became of a task. */
export function StatusRow() {
  return (
    <div role="status" className={styles.statusRow}>
      <Said />
    </div>
  );
}

function Said() {
  const notice = useScreen((state) => state.notice);
  const halted = useHalt();
  if (halted === 'signedOut') return <SignInChip />;
  if (halted === 'offline') return <OfflineChip />;
  if (halted === 'retry') return <RetryChip />;
  return notice === null ? null : <NoticeChip />;
}

/** Why nothing reaches the server now. */
function useHalt(): 'signedOut' | 'offline' | 'retry' | null {
  const trouble = useScreen((state) => state.outbox.trouble);
  const signedOut = useScreen((state) => state.signedOut);
  const online = useOnline();
  if (signedOut || trouble?.code === 'UNAUTHENTICATED') return 'signedOut';
  if (!online || trouble?.code === 'OFFLINE') return 'offline';
  return trouble === null ? null : 'retry';
}

const noDraft: ScreenState['draft'] = { kind: 'none', at: null };

function SaveState({ short }: { short?: boolean }) {
  const t = useTranslations('annotate.save');
  const format = useFormatter();
  // What was sent is no draft any more.
  const over = useScreen(({ phase }) => phase === 'sent' || phase === 'told');
  const draft = useScreen((state) => (over ? noDraft : state.draft));
  const sending = useScreen((state) => state.outbox.sending);
  if (sending && draft.kind === 'none') {
    return (
      <span className={`row ${short ? 'xs' : 'sm'} dim`}>
        <Icon name="clock" />
        {t('sending')}
      </span>
    );
  }
  if (draft.kind === 'none') return short ? null : <Sent />;
  const time = draft.at === null ? '' : format.dateTime(new Date(draft.at), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return (
    <span className={`row ${short ? 'xs' : 'sm'} dim`}>
      <Icon name={draft.kind === 'saving' ? 'clock' : 'save'} className={draft.kind === 'saved' ? 'ok' : undefined} />
      {short ? t(`short.${draft.kind}`) : t(draft.kind, { time })}
    </span>
  );
}

/** What was sent last, in words. */
function Sent() {
  const t = useTranslations('annotate.save');
  const summary = useScreen((state) => state.lastSent?.summary ?? null);
  const sent = useScreen((state) => state.lastSent !== null);
  const { text } = useLine();
  if (!sent) return null;
  return (
    <span className="row sm dim">
      <Icon name="save" className="ok" />
      <span className={styles.sentText}>
        {summary === null ? t('sent') : t.rich('sentAs', { what: text(summary), b: (chunks) => <b>{chunks}</b> })}
      </span>
    </span>
  );
}

function OfflineChip() {
  const t = useTranslations('annotate.save');
  const { store } = useAnnotate();
  const count = useScreen((state) => state.outbox.waiting.length);
  return (
    <>
      <span className="chip warn">
        <Icon name="warn" />
        {t('offline', { count })}
      </span>
      {count > 0 && (
        <button type="button" className="btn" onClick={() => store.retry()}>
          {t('sendNow')}
        </button>
      )}
    </>
  );
}

function RetryChip() {
  const t = useTranslations('annotate.save');
  const { store } = useAnnotate();
  const retryAt = useScreen((state) => state.outbox.retryAt);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil(((retryAt ?? now) - now) / 1000));
  return (
    <>
      <span className="chip bad">
        <Icon name="x" />
        {retryAt === null ? t('sending') : t('retry', { seconds })}
      </span>
      <button type="button" className="btn" onClick={() => store.retry()}>
        {t('sendNow')}
      </button>
    </>
  );
}

function SignInChip() {
  const t = useTranslations('annotate.save');
  const { project } = useAnnotate();
  return (
    <a className="chip warn" href={`/sign-in?next=${encodeURIComponent(`/p/${project.slug}/annotate`)}`} target="_blank" rel="noopener">
      <Icon name="lock" />
      {t('signIn')}
    </a>
  );
}

function NoticeChip() {
  const t = useTranslations('annotate.notice');
  const notice = useScreen((state) => state.notice);
  if (notice === null) return null;
  const warn = notice.kind === 'notTakenBack' || notice.kind === 'notCorrected' || notice.kind === 'lost' || notice.kind === 'stillSending';
  const text = wordsOf(notice, t);
  return (
    <span className={`chip ${warn ? 'warn' : ''}`} title={text}>
      <Icon name={warn ? 'warn' : 'info'} />
      <span className={styles.noticeText}>{text}</span>
    </span>
  );
}

function wordsOf(notice: NonNullable<ScreenState['notice']>, t: ReturnType<typeof useTranslations<'annotate.notice'>>): string {
  if (notice.kind === 'notTakenBack') return t(notice.trouble.code === 'PRECONDITION' ? 'roundMoved' : 'notTakenBack');
  if (notice.kind === 'notCorrected') return notice.trouble.message === '' ? t('notCorrected') : notice.trouble.message;
  return t(notice.kind);
}

function useOnline(): boolean {
  const [online, setOnline] = useState(true);
  useEffect(() => {
    const change = () => setOnline(navigator.onLine);
    change();
    window.addEventListener('online', change);
    window.addEventListener('offline', change);
    return () => {
      window.removeEventListener('online', change);
      window.removeEventListener('offline', change);
    };
  }, []);
  return online;
}

/** Back in the network, or from signing in on another tab: what waits goes now. */
function useSendOnReturn(): void {
  const { store } = useAnnotate();
  useEffect(() => {
    const online = () => store.retry();
    const back = () => {
      const { signedOut, outbox, trouble } = store.getState();
      const lacksSignIn = signedOut || [outbox.trouble?.code, trouble?.code].includes('UNAUTHENTICATED');
      if (document.visibilityState === 'visible' && lacksSignIn) store.retry();
    };
    window.addEventListener('online', online);
    document.addEventListener('visibilitychange', back);
    window.addEventListener('focus', back);
    return () => {
      window.removeEventListener('online', online);
      document.removeEventListener('visibilitychange', back);
      window.removeEventListener('focus', back);
    };
  }, [store]);
}
