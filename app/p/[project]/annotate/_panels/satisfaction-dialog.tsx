'use client';

import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { type SatisfactionQuestion, satisfactionQuestions } from '#lib/domain/task-reports';
import { Dialog } from '../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../_components/ui/error-note';
import { Field } from '../../../../_components/ui/field';
import { useTRPC } from '../../../../_trpc/client';
import { useAnnotate } from '../_components/annotate-context';
import styles from './panels.module.css';

const values = [1, 2, 3, 4, 5] as const;

/** Four statements, each from not at all to fully; every one may be left out. */
export function SatisfactionDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const t = useTranslations('contact.satisfaction');
  const { project } = useAnnotate();
  const [answers, setAnswers] = useState<Partial<Record<SatisfactionQuestion, number>>>({});
  const [text, setText] = useState('');
  const finish = () => {
    onDone();
    onClose();
  };
  const save = useMutation(useTRPC().messages.saveSatisfaction.mutationOptions({ onSuccess: finish }));
  function send(event: FormEvent) {
    event.preventDefault();
    if (!save.isPending) save.mutate({ projectId: project.id, answers, text });
  }
  return (
    <Dialog title={t('title')} onClose={onClose}>
      <form className={styles.form} onSubmit={send}>
        <p className="ink2">{t('text')}</p>
        <ErrorNote error={save.error} />
        {satisfactionQuestions.map((question) => (
          <fieldset key={question} className={styles.question}>
            <legend className="b">{t(question)}</legend>
            <div className={styles.likert}>
              {values.map((value) => (
                <label key={value} className={styles.step}>
                  <input
                    type="radio"
                    name={question}
                    checked={answers[question] === value}
                    onChange={() => setAnswers({ ...answers, [question]: value })}
                  />
                  <span className="xs">{t(`scale.${value}`)}</span>
                </label>
              ))}
            </div>
          </fieldset>
        ))}
        <Field label={t('words')}>
          {(ids) => (
            <textarea {...ids} rows={2} dir="auto" maxLength={2000} value={text} onChange={(event) => setText(event.currentTarget.value)} />
          )}
        </Field>
        <div className="actions">
          <button type="button" className="btn" onClick={() => save.mutate({ projectId: project.id, answers: {} })}>
            {t('skip')}
          </button>
          <button type="submit" className="btn primary" aria-busy={save.isPending}>
            {save.isPending ? t('busy') : t('send')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
