'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { ErrorNote } from '../../../_components/ui/error-note';
import { Field } from '../../../_components/ui/field';
import { useTRPC } from '../../../_trpc/client';
import styles from './message.module.css';

const most = 4000;

interface Props {
  thread: { projectId: string; taskId: string; annotatorId?: string };
  lead: boolean;
  onSent?: () => void;
}

/** One message; the text stays until it has arrived. */
export function MessageForm({ thread, lead, onSent }: Props) {
  const t = useTranslations('contact.thread');
  const router = useRouter();
  const [text, setText] = useState('');
  const send = useMutation(
    useTRPC().messages.send.mutationOptions({
      onSuccess: () => {
        setText('');
        if (onSent) onSent();
        else router.refresh();
      },
    }),
  );
  const ready = text.trim() !== '';
  function submit(event: FormEvent) {
    event.preventDefault();
    if (send.isPending || !ready) return;
    send.mutate({ ...thread, text });
  }
  const left = most - text.length;
  return (
    <form className={styles.form} onSubmit={submit}>
      <ErrorNote error={send.error} />
      <Field label={t(lead ? 'answer' : 'write')} hint={left < 500 ? t('left', { n: left }) : undefined}>
        {(ids) => (
          <textarea {...ids} dir="auto" rows={3} maxLength={most} value={text} onChange={(event) => setText(event.currentTarget.value)} />
        )}
      </Field>
      <div className="row">
        <button type="submit" className="btn primary" aria-disabled={!ready} aria-busy={send.isPending}>
          {send.isPending ? t('busy') : t('send')}
        </button>
        <span className="sm dim" role="status">
          {send.isSuccess && text === '' ? t('sent') : ''}
        </span>
      </div>
    </form>
  );
}
