'use client';

import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { Icon, type IconName } from '../../../../_components/ui/icon';
import { useTRPC } from '../../../../_trpc/client';
import { useAnnotate, useScreen } from '../_components/annotate-context';
import { keepFocus } from '../_components/keep-focus';
import styles from '../annotate.module.css';

import { SatisfactionDialog } from './satisfaction-dialog';
import { useBreak } from './use-break';

/** What is said first: the guideline alters the work, a break can wait a minute, the question can wait a day. */
export default function Notice() {
  const { project } = useAnnotate();
  const pause = useBreak(project.id);
  const guideline = useNewGuideline();
  const question = useQuestion();
  const [answering, setAnswering] = useState(false);
  const shown = useCalmly(guideline.shown ? 'guideline' : pause.due ? 'break' : question.due ? 'question' : null);
  if (answering) return <SatisfactionDialog onClose={() => setAnswering(false)} onDone={question.done} />;
  if (shown === 'guideline') return <NewGuideline guideline={guideline} />;
  if (shown === 'break') return <Break pause={pause} />;
  return shown === 'question' ? <Question open={() => setAnswering(true)} skip={question.skip} /> : null;
}

/** A row that comes moves all below it: once a person has begun on a task, it waits for the next one. */
function useCalmly<T>(due: T | null): T | null {
  const begun = useScreen((state) => state.phase === 'open' && (state.current?.past.length ?? 0) > 0);
  const [shown, setShown] = useState<T | null>(null);
  if (due !== shown && (due === null || shown !== null || !begun)) setShown(due);
  return due === null ? null : shown;
}

function Card({ icon, title, text, children }: { icon: IconName; title: string; text: string; children: ReactNode }) {
  return (
    <div className={styles.banner} role="status">
      <Icon name={icon} />
      <p className={styles.bannerText}>
        <b>{title}</b>
        {text !== '' && <span>{text}</span>}
      </p>
      <div className={styles.bannerDo}>{children}</div>
    </div>
  );
}

/** The task follows a version of the guideline that this person has not read. */
function useNewGuideline() {
  const { project } = useAnnotate();
  const version = useScreen((state) => state.current?.view.guideline.version ?? null);
  const open = useScreen((state) => state.panel === 'guideline');
  const [closed, setClosed] = useState<number | null>(null);
  const { ownWork } = useTRPC();
  const options = ownWork.guideline.queryOptions(
    { projectId: project.id, version: version ?? 1 },
    { enabled: version !== null, staleTime: Number.POSITIVE_INFINITY },
  );
  const reading = useQuery(options).data;
  const unread = reading !== undefined && version !== null && (reading.read === null || reading.read < version);
  return {
    shown: unread && !open && closed !== version,
    version: version ?? 0,
    read: reading?.read ?? null,
    changes: reading?.changes ?? 0,
    close: () => setClosed(version),
  };
}

function NewGuideline({ guideline: { version, read, changes, close } }: { guideline: ReturnType<typeof useNewGuideline> }) {
  const t = useTranslations('contact.newGuideline');
  const { store } = useAnnotate();
  return (
    <Card icon="book" title={t('title', { version })} text={read === null ? t('first') : t('text', { n: changes, read })}>
      <button type="button" className="btn" onMouseDown={keepFocus} onClick={() => store.open('guideline')}>
        {t('open')}
      </button>
      <button type="button" className="btn quiet" onMouseDown={keepFocus} onClick={close}>
        {t('close')}
      </button>
    </Card>
  );
}

function Break({ pause }: { pause: ReturnType<typeof useBreak> }) {
  const t = useTranslations('contact.break');
  return (
    <Card icon="clock" title={t('title', { n: pause.minutes })} text={t('text')}>
      <button type="button" className="btn" onMouseDown={keepFocus} onClick={pause.later}>
        {t('later')}
      </button>
      <button type="button" className="btn quiet" onMouseDown={keepFocus} onClick={pause.close}>
        {t('done')}
      </button>
    </Card>
  );
}

/** Asked between two tasks only, and not again on this page whatever became of it. */
function useQuestion() {
  const { project } = useAnnotate();
  const between = useScreen((state) => state.lastSent !== null);
  const [over, setOver] = useState(false);
  const { messages } = useTRPC();
  const due = useQuery(
    messages.satisfactionDue.queryOptions({ projectId: project.id }, { enabled: between, staleTime: Number.POSITIVE_INFINITY }),
  ).data?.due;
  const { mutate } = useMutation(messages.saveSatisfaction.mutationOptions());
  const done = () => setOver(true);
  const skip = () => {
    mutate({ projectId: project.id, answers: {} });
    done();
  };
  return { due: between && due === true && !over, done, skip };
}

function Question({ open, skip }: { open: () => void; skip: () => void }) {
  const t = useTranslations('contact.satisfaction');
  return (
    <Card icon="info" title={t('title')} text={t('text')}>
      <button type="button" className="btn" onMouseDown={keepFocus} onClick={open}>
        {t('answer')}
      </button>
      <button type="button" className="btn quiet" onMouseDown={keepFocus} onClick={skip}>
        {t('skip')}
      </button>
    </Card>
  );
}
