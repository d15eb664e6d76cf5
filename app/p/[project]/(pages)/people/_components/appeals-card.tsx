'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { AppealView } from '#lib/services/quality/list-appeals';
import { Dialog } from '../../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Field } from '../../../../../_components/ui/field';
import { useTRPC } from '../../../../../_trpc/client';
import { reasonWords } from '../../../_components/reason-words';
import styles from '../../quality/_components/quality.module.css';
import { useFigures } from '../../quality/_components/use-figures';

/** Who asks for a second look, and the answer. */
export function AppealsCard({ appeals, mayAnswer }: { appeals: readonly AppealView[]; mayAnswer: boolean }) {
  const t = useTranslations('quality');
  const figures = useFigures();
  const [answering, setAnswering] = useState<AppealView | null>(null);
  const open = appeals.filter(({ status }) => status === 'OPEN').length;
  return (
    <section className="card">
      <div className="head">
        <h2>{t('appeals.title')}</h2>
        {open > 0 && <span className="chip warn">{t('appeals.open', { n: open })}</span>}
      </div>
      {appeals.length === 0 && <p className="sm ink2">{t('appeals.none')}</p>}
      {appeals.map((appeal) => (
        <div key={appeal.appealId} className={styles.item}>
          <div>
            <span className="b">
              {appeal.person}, {t(`appeals.subject.${appeal.subject}`)}
            </span>{' '}
            <span className="sm dim">{figures.moment(appeal.createdAt)}</span>
            <p className="anywhere" dir="auto">
              {appeal.text}
            </p>
            {appeal.against && (
              <p className="sm ink2 anywhere" dir="auto">
                {t('appeals.against', { text: reasonWords(t, appeal.against) })}
              </p>
            )}
            {appeal.answer && (
              <p className="sm anywhere">{t.rich('appeals.answered', { answer: appeal.answer, bdi: (text) => <bdi>{text}</bdi> })}</p>
            )}
          </div>
          {appeal.status === 'OPEN' && mayAnswer ? (
            <button
              type="button"
              className="btn"
              aria-label={t('appeals.title1', { person: appeal.person })}
              onClick={() => setAnswering(appeal)}
            >
              {t('appeals.do')}
            </button>
          ) : (
            <span className={appeal.status === 'UPHELD' ? 'chip ok' : 'chip'}>{t(`appeals.status.${appeal.status}`)}</span>
          )}
        </div>
      ))}
      {answering && <AnswerDialog appeal={answering} onClose={() => setAnswering(null)} />}
    </section>
  );
}

function AnswerDialog({ appeal, onClose }: { appeal: AppealView; onClose: () => void }) {
  const t = useTranslations('quality');
  const router = useRouter();
  const [answer, setAnswer] = useState('');
  const decide = useMutation(
    useTRPC().quality.decideAppeal.mutationOptions({
      onSuccess: () => {
        router.refresh();
        onClose();
      },
    }),
  );
  const ready = answer.trim() !== '' && !decide.isPending;
  const act = (uphold: boolean) => ready && decide.mutate({ appealId: appeal.appealId, uphold, answer });
  return (
    <Dialog title={t('appeals.title1', { person: appeal.person })} onClose={onClose}>
      <div className={styles.stack}>
        <p className="anywhere" dir="auto">
          {appeal.text}
        </p>
        <p className="sm ink2">{t(`appeals.effect.${appeal.subject}`)}</p>
        <ErrorNote error={decide.error} />
        <Field label={t('appeals.answer')} hint={t('appeals.answerHint')}>
          {(ids) => (
            <textarea {...ids} dir="auto" maxLength={4000} value={answer} onChange={(event) => setAnswer(event.currentTarget.value)} />
          )}
        </Field>
        <div className="actions">
          <button type="button" className="btn lg" aria-disabled={!ready} onClick={() => act(false)}>
            {t('appeals.reject')}
          </button>
          <button type="button" className="btn primary lg" aria-disabled={!ready} onClick={() => act(true)}>
            {t('appeals.uphold')}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
