'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { Dialog } from '../../../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../../../_components/ui/error-note';
import { Field } from '../../../../../../_components/ui/field';
import { useTRPC } from '../../../../../../_trpc/client';
import { wordsIn } from '../../../../_lib/words-in';
import styles from '../labeling.module.css';
import type { Pool } from './pools-card';

interface Props {
  projectId: string;
  /** Null: a new one. */
  pool: Pool | null;
  /** Names that are taken. */
  names: readonly string[];
  onClose: () => void;
}

/** Makes a pool, or changes for whom one is. Its name is how commands and imports know it, so it stays. */
export function PoolDialog({ projectId, pool, names, onClose }: Props) {
  const t = useTranslations('labeling.pools');
  const common = useTranslations('common');
  const router = useRouter();
  const [wrong, setWrong] = useState<string | null>(null);
  const save = useMutation(
    useTRPC().labeling.savePool.mutationOptions({
      onSuccess: () => {
        router.refresh();
        onClose();
      },
    }),
  );
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (save.isPending) return;
    const form = new FormData(event.currentTarget);
    const name = pool?.name ?? String(form.get('name')).trim();
    const fault = pool !== null ? null : name === '' ? t('nameMissing') : names.includes(name) ? t('nameTaken') : null;
    setWrong(fault);
    if (fault !== null) {
      event.currentTarget.querySelector<HTMLElement>('[name="name"]')?.focus();
      return;
    }
    save.mutate({
      projectId,
      name,
      skills: wordsIn(String(form.get('skills'))),
      languages: wordsIn(String(form.get('languages'))),
      qualifiedOnly: form.get('qualifiedOnly') !== null,
    });
  }
  return (
    <Dialog title={pool ? t('editPool', { pool: pool.name }) : t('new')} onClose={onClose}>
      <form className={styles.dialog} onSubmit={submit} noValidate>
        <ErrorNote error={save.error} />
        {pool === null && (
          <Field label={t('name')} wrong={wrong}>
            {(ids) => <input {...ids} name="name" dir="auto" maxLength={100} />}
          </Field>
        )}
        <Field label={t('skills')} hint={t('skillsHint')}>
          {(ids) => <input {...ids} name="skills" dir="auto" defaultValue={pool?.skills.join(', ')} />}
        </Field>
        <Field label={t('languages')} hint={t('languagesHint')}>
          {(ids) => <input {...ids} name="languages" dir="ltr" defaultValue={pool?.languages.join(', ')} />}
        </Field>
        <label className="choice">
          <input type="checkbox" name="qualifiedOnly" defaultChecked={pool?.qualifiedOnly} />
          <span>{t('qualifiedOnly')}</span>
        </label>
        <div className="actions">
          <button type="button" className="btn lg" onClick={onClose}>
            {common('cancel')}
          </button>
          <button type="submit" className="btn primary lg" aria-busy={save.isPending}>
            {save.isPending ? common('saving') : common('save')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
