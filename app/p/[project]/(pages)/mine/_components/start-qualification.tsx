'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import type { FormEvent } from 'react';
import { useTranslations } from 'use-intl/react';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { useTRPC } from '../../../../../_trpc/client';
import styles from './own.module.css';

interface Props {
  projectId: string;
  slug: string;
  topics: readonly { readonly key: string; readonly label: string }[];
}

const levels = [0, 1, 2, 3] as const;

/** What the person can judge, in his own opinion; then the test begins. */
export function StartQualification({ projectId, slug, topics }: Props) {
  const t = useTranslations('mine.test');
  const next = useTranslations('mine.next');
  const router = useRouter();
  const start = useMutation(useTRPC().quality.startQualification.mutationOptions({ onSuccess: () => router.push(`/p/${slug}/annotate`) }));
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (start.isPending || start.isSuccess) return;
    const form = new FormData(event.currentTarget);
    start.mutate({ projectId, topics: Object.fromEntries(topics.map(({ key }) => [key, Number(form.get(key) ?? 0)])) });
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <ErrorNote error={start.error} />
      {topics.length > 0 && <p className="b">{t('topics')}</p>}
      {topics.map(({ key, label }) => (
        <label key={key} className={styles.topic}>
          <bdi className="anywhere">{label}</bdi>
          <select name={key} defaultValue="0">
            {levels.map((level) => (
              <option key={level} value={level}>
                {t(`level.${level}`)}
              </option>
            ))}
          </select>
        </label>
      ))}
      <button type="submit" className="btn primary lg" aria-busy={start.isPending}>
        {next('start')}
      </button>
    </form>
  );
}
