'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { QualityPolicy } from '#lib/domain/quality/quality-policy';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Field } from '../../../../../_components/ui/field';
import { useTRPC } from '../../../../../_trpc/client';
import { numbersOf, type PolicyNumber, policyGroups, policyOf } from './policy-fields';
import styles from './quality.module.css';

/** How labels of the project are checked, and by what rule a person is paused. */
export function PolicyCard({ projectId, policy }: { projectId: string; policy: QualityPolicy }) {
  const t = useTranslations('quality');
  const router = useRouter();
  const [changed, setChanged] = useState(false);
  const save = useMutation(
    useTRPC().quality.savePolicy.mutationOptions({
      onSuccess: () => {
        setChanged(false);
        router.refresh();
      },
    }),
  );
  const values = numbersOf(policy);
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!save.isPending) save.mutate({ projectId, policy: policyOf(new FormData(event.currentTarget), policy) });
  }
  const numbers = (names: readonly PolicyNumber[]) => (
    <div className={styles.fields}>
      {names.map((name) => (
        <Field key={name} label={t(`policy.${name}`)} hint={name === 'pauseAt' ? t('policy.pauseAtHint') : undefined}>
          {(ids) => (
            <input {...ids} name={name} type="number" min={0} step="any" required={name !== 'pauseAt'} defaultValue={values[name] ?? ''} />
          )}
        </Field>
      ))}
    </div>
  );
  const onOff = (name: 'sprt' | 'training' | 'qualification', on: boolean) => (
    <label className="choice">
      <input type="checkbox" name={name} defaultChecked={on} />
      <span>
        {t(`policy.${name}`)} {name === 'sprt' && <span className="dim">{t('policy.sprtHint')}</span>}
      </span>
    </label>
  );
  return (
    <section className="card">
      <div className="head">
        <h2>{t('policy.title')}</h2>
      </div>
      <form className={styles.stack} onSubmit={submit} onChange={() => setChanged(true)}>
        <ErrorNote error={save.error} />
        <fieldset className={styles.group}>
          <legend>{t('policy.groups.gold')}</legend>
          {numbers(policyGroups.gold)}
        </fieldset>
        <fieldset className={styles.group}>
          <legend>{t('policy.groups.repeats')}</legend>
          {numbers(policyGroups.repeats)}
        </fieldset>
        <fieldset className={styles.group}>
          <legend>{t('policy.groups.sprt')}</legend>
          {onOff('sprt', policy.sprt.enabled)}
          {numbers(policyGroups.sprt)}
        </fieldset>
        <fieldset className={styles.group}>
          <legend>{t('policy.groups.speed')}</legend>
          {numbers(policyGroups.speed)}
        </fieldset>
        <fieldset className={styles.group}>
          <legend>{t('policy.groups.before')}</legend>
          {onOff('training', policy.training.required)}
          {onOff('qualification', policy.qualification.required)}
        </fieldset>
        <div className="row wrap">
          <button type="submit" className="btn lg" aria-disabled={!changed} aria-busy={save.isPending}>
            {t('policy.save')}
          </button>
          <span className="sm dim" aria-live="polite">
            {changed ? t('policy.unsaved') : save.isSuccess ? t('policy.saved') : ''}
          </span>
        </div>
      </form>
    </section>
  );
}
