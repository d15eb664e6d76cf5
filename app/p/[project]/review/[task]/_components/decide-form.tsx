'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { errorCategories } from '#lib/domain/review/error-categories';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Field } from '../../../../../_components/ui/field';
import { useTRPC } from '../../../../../_trpc/client';
import type { Judge } from './answer-verdicts';
import styles from './decide.module.css';

type Category = (typeof errorCategories)[number];

interface Props {
  judges: readonly Judge[];
  taskId: string;
}

/** Which judgement holds, why, and what is wrong with the others. Nothing is preselected. */
export function DecideForm({ judges, taskId }: Props) {
  const t = useTranslations('review');
  const router = useRouter();
  const trpc = useTRPC();
  const [chosen, setChosen] = useState<string | null>(null);
  const [reason, setReason] = useState('');
  const [errors, setErrors] = useState<Readonly<Record<string, Category | ''>>>({});
  const decide = useMutation(trpc.review.decide.mutationOptions({ onSuccess: () => router.refresh() }));
  const held = judges.find(({ id }) => id === chosen);
  const waits = held === undefined ? t('decide.chooseFirst') : reason.trim() === '' ? t('decide.reasonFirst') : null;

  function send(event: FormEvent) {
    event.preventDefault();
    if (waits !== null || held === undefined || decide.isPending) return;
    const named = Object.entries(errors).flatMap(([annotationId, category]) => (category === '' ? [] : [{ annotationId, category }]));
    decide.mutate({ taskId, content: held.content, reason, errors: named });
  }

  return (
    <form className={`card ${styles.form}`} onSubmit={send}>
      <fieldset className={styles.choices}>
        <legend>{t('decide.which')}</legend>
        {judges.map(({ id, name }) => (
          <label key={id} className="row">
            <input type="radio" name="held" value={id} checked={chosen === id} onChange={() => setChosen(id)} />
            {name}
          </label>
        ))}
      </fieldset>
      <div className={styles.errors}>
        {judges.flatMap(({ annotationId, name }) =>
          annotationId === null
            ? []
            : [
                <Field key={annotationId} label={t('decide.wrongWith', { name })}>
                  {(ids) => (
                    <select
                      {...ids}
                      value={errors[annotationId] ?? ''}
                      onChange={(event) => setErrors({ ...errors, [annotationId]: event.target.value as Category | '' })}
                    >
                      <option value="">{t('decide.nothing')}</option>
                      {errorCategories.map((category) => (
                        <option key={category} value={category}>
                          {t(`errors.${category}`)}
                        </option>
                      ))}
                    </select>
                  )}
                </Field>,
              ],
        )}
      </div>
      <Field label={t('decide.reason')} hint={t('decide.reasonHint')}>
        {(ids) => (
          <textarea {...ids} rows={3} maxLength={2000} dir="auto" value={reason} onChange={(event) => setReason(event.target.value)} />
        )}
      </Field>
      <ErrorNote error={decide.error} />
      <div className="row wrap">
        <button type="submit" className="btn primary" aria-disabled={waits !== null || decide.isPending} aria-describedby="decide-waits">
          {t('decide.do')}
        </button>
        <span id="decide-waits" className="sm ink2">
          {waits ?? t('decide.stays')}
        </span>
      </div>
    </form>
  );
}
