'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useRef, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { Dialog } from '../../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { useTRPC } from '../../../../../_trpc/client';

/** Takes an answer back, after a word about what that means; one key however often it is pressed. */
export function TakeBack({ annotationId, slug }: { annotationId: string; slug: string }) {
  const t = useTranslations('mine.history');
  const common = useTranslations('common');
  const router = useRouter();
  const [asked, setAsked] = useState(false);
  const key = useRef<string | null>(null);
  const withdraw = useMutation(useTRPC().labeling.withdraw.mutationOptions({ onSuccess: () => router.push(`/p/${slug}/annotate`) }));
  function takeBack() {
    if (withdraw.isPending || withdraw.isSuccess) return;
    key.current ??= crypto.randomUUID();
    withdraw.mutate({ annotationId, idempotencyKey: key.current });
  }
  return (
    <>
      <button type="button" className="btn" onClick={() => setAsked(true)}>
        {t('takeBack')}
      </button>
      {asked && (
        <Dialog title={t('takeBackTitle')} onClose={() => setAsked(false)}>
          <p className="ink2">{t('takeBackText')}</p>
          <ErrorNote error={withdraw.error} />
          <div className="actions">
            <button type="button" className="btn" onClick={() => setAsked(false)}>
              {common('cancel')}
            </button>
            <button type="button" className="btn primary" aria-busy={withdraw.isPending} onClick={takeBack}>
              {withdraw.isPending ? t('takeBackBusy') : t('takeBack')}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
