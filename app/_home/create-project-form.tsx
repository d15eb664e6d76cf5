'use client';

import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useTranslations } from 'use-intl/react';
import { ErrorNote } from '../_components/ui/error-note';
import { Field } from '../_components/ui/field';
import { useTRPC } from '../_trpc/client';
import styles from './home.module.css';

/** For system admins. `primary`: nothing else on the page is the next thing to do. */
export function CreateProjectForm({ primary }: { primary: boolean }) {
  const t = useTranslations('home');
  const create = useMutation(useTRPC().projects.create.mutationOptions({ onSuccess: ({ slug }) => window.location.assign(`/p/${slug}`) }));
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (create.isPending || create.isSuccess) return;
    const form = new FormData(event.currentTarget);
    create.mutate({ name: String(form.get('name')).trim(), description: String(form.get('description')).trim() });
  }
  const busy = create.isPending || create.isSuccess;
  return (
    <form className={styles.form} onSubmit={submit}>
      <ErrorNote error={create.error} />
      <Field label={t('create.name')} hint={t('create.nameHint')}>
        {(ids) => <input {...ids} name="name" required maxLength={100} dir="auto" />}
      </Field>
      <Field label={t('create.description')}>{(ids) => <input {...ids} name="description" maxLength={500} dir="auto" />}</Field>
      <button type="submit" className={primary ? 'btn primary lg' : 'btn lg'} aria-busy={busy}>
        {busy ? t('create.busy') : t('create.do')}
      </button>
    </form>
  );
}
