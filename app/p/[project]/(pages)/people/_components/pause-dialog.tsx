'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { Dialog } from '../../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Field } from '../../../../../_components/ui/field';
import { useTRPC } from '../../../../../_trpc/client';

interface Props {
  projectId: string;
  userId: string;
  person: string;
  onClose: () => void;
}

/** Pausing asks for the reason that the person reads. */
export function PauseDialog({ projectId, userId, person, onClose }: Props) {
  const t = useTranslations('quality');
  const common = useTranslations('common');
  const router = useRouter();
  const [reason, setReason] = useState('');
  const pause = useMutation(
    useTRPC().quality.pause.mutationOptions({
      onSuccess: () => {
        router.refresh();
        onClose();
      },
    }),
  );
  const ready = reason.trim() !== '';
  function submit(event: FormEvent) {
    event.preventDefault();
    if (ready && !pause.isPending) pause.mutate({ projectId, userId, reason });
  }
  return (
    <Dialog title={t('pause.title', { person })} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <p className="ink2">{t('pause.text')}</p>
        <ErrorNote error={pause.error} />
        <Field label={t('pause.reason')}>
          {(ids) => (
            <textarea {...ids} dir="auto" maxLength={2000} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
          )}
        </Field>
        <div className="actions">
          <button type="button" className="btn lg" onClick={onClose}>
            {common('cancel')}
          </button>
          <button type="submit" className="btn danger lg" aria-disabled={!ready} aria-busy={pause.isPending}>
            {t('pause.do')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
