'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { Dialog } from '../../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Field } from '../../../../../_components/ui/field';
import { useTRPC } from '../../../../../_trpc/client';
import styles from './messages.module.css';

/** Keep or cancel the task, with or without a word to whoever reported it. Cancelling asks once more. */
export function DecideReport({ reportId, name }: { reportId: string; name: string }) {
  const t = useTranslations('contact.reports');
  const common = useTranslations('common');
  const router = useRouter();
  const [answer, setAnswer] = useState('');
  const [asked, setAsked] = useState(false);
  const resolve = useMutation(
    useTRPC().messages.resolveReport.mutationOptions({
      onSuccess: () => {
        setAsked(false);
        router.refresh();
      },
    }),
  );
  function decide(decision: 'KEEP' | 'CANCEL_TASK') {
    if (resolve.isPending) return;
    const text = answer.trim();
    resolve.mutate({ reportId, decision, ...(text !== '' && { answer: text }) });
  }
  return (
    <div className={styles.decide}>
      {!asked && <ErrorNote error={resolve.error} />}
      <Field label={t('answer', { name })}>
        {(ids) => (
          <textarea
            {...ids}
            rows={2}
            dir="auto"
            maxLength={4000}
            value={answer}
            onChange={(event) => setAnswer(event.currentTarget.value)}
          />
        )}
      </Field>
      <div className="row wrap">
        <button type="button" className="btn" aria-busy={resolve.isPending} onClick={() => decide('KEEP')}>
          {t('keep')}
        </button>
        <button type="button" className="btn danger" onClick={() => setAsked(true)}>
          {t('cancel')}
        </button>
      </div>
      {asked && (
        <Dialog title={t('cancelTitle')} onClose={() => setAsked(false)}>
          <p className="ink2">{t('cancelText')}</p>
          <ErrorNote error={resolve.error} />
          <div className="actions">
            <button type="button" className="btn" onClick={() => setAsked(false)}>
              {common('cancel')}
            </button>
            <button type="button" className="btn danger" aria-busy={resolve.isPending} onClick={() => decide('CANCEL_TASK')}>
              {resolve.isPending ? t('busy') : t('cancel')}
            </button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
