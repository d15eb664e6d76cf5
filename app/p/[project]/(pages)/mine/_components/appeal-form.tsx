'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Field } from '../../../../../_components/ui/field';
import { useTRPC } from '../../../../../_trpc/client';
import styles from './own.module.css';

interface Props {
  projectId: string;
  subject: 'PAUSE' | 'GOLD' | 'QUALIFICATION';
  subjectId?: string;
  /** What the button says that opens the form. */
  label: string;
  /** Shown without being asked for. */
  open?: boolean;
}

/** Asks the lead to look at a pause or a result again. */
export function AppealForm({ projectId, subject, subjectId, label, open = false }: Props) {
  const t = useTranslations('mine.appeal');
  const router = useRouter();
  const [shown, setShown] = useState(open);
  const send = useMutation(useTRPC().quality.fileAppeal.mutationOptions({ onSuccess: () => router.refresh() }));
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('text')).trim();
    if (send.isPending || text === '') return;
    send.mutate({ projectId, subject, text, ...(subjectId && { subjectId }) });
  }
  if (!shown) {
    return (
      <button type="button" className="btn" onClick={() => setShown(true)}>
        {label}
      </button>
    );
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <ErrorNote error={send.error} />
      <Field label={t('label')}>{(ids) => <textarea {...ids} name="text" required maxLength={4000} dir="auto" rows={3} />}</Field>
      <button type="submit" className="btn" aria-busy={send.isPending}>
        {send.isPending ? t('busy') : open ? label : t('send')}
      </button>
    </form>
  );
}
