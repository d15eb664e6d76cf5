'use client';

import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { Dialog } from '../../../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../../../_components/ui/error-note';
import { Field } from '../../../../../../_components/ui/field';
import { useTRPC } from '../../../../../../_trpc/client';

interface Props {
  roundId: string;
  counts: { filled: string; wanted: string };
  onClose: () => void;
  onDone: () => void;
}

/** A researcher ends the waiting for people; the reason is kept. */
export function CloseDialog({ roundId, counts, onClose, onDone }: Props) {
  const t = useTranslations('loops');
  const common = useTranslations('common');
  const close = useMutation(useTRPC().loops.closeTasks.mutationOptions({ onSuccess: onDone }));
  const [reason, setReason] = useState('');
  const [asked, setAsked] = useState(false);
  const ready = reason.trim() !== '';
  function submit(event: FormEvent) {
    event.preventDefault();
    setAsked(true);
    if (ready && !close.isPending) close.mutate({ roundId, reason: reason.trim() });
  }
  return (
    <Dialog title={t('close.title')} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <p className="ink2">{t('close.text', counts)}</p>
        <Field label={t('reason.label')} hint={t('reason.hint')} wrong={asked && !ready ? t('reason.missing') : null}>
          {(ids) => (
            <textarea {...ids} value={reason} dir="auto" maxLength={4000} onChange={(event) => setReason(event.currentTarget.value)} />
          )}
        </Field>
        <ErrorNote error={close.error} />
        <div className="actions">
          <button type="button" className="btn lg" onClick={onClose}>
            {common('cancel')}
          </button>
          <button type="submit" className="btn primary lg" aria-disabled={!ready} aria-busy={close.isPending}>
            {close.isPending ? t('reason.busy') : t('close.do')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
