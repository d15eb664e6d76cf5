'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Field } from '../../../../../_components/ui/field';
import { useTRPC } from '../../../../../_trpc/client';

/** A decided task becomes a known one, given to people among their work to see how well they judge. */
export function MakeGold({ taskId, explanation: reason }: { taskId: string; explanation: string }) {
  const t = useTranslations('review.gold');
  const router = useRouter();
  const trpc = useTRPC();
  const [explanation, setExplanation] = useState(reason);
  const promote = useMutation(trpc.quality.promoteGold.mutationOptions({ onSuccess: () => router.refresh() }));
  return (
    <>
      <p className="ink2">{t('text')}</p>
      <Field label={t('explanation')} hint={t('hint')}>
        {(ids) => (
          <textarea
            {...ids}
            rows={3}
            maxLength={2000}
            dir="auto"
            value={explanation}
            onChange={(event) => setExplanation(event.target.value)}
          />
        )}
      </Field>
      <ErrorNote error={promote.error} />
      <div>
        <button type="button" className="btn" disabled={promote.isPending} onClick={() => promote.mutate({ taskId, explanation })}>
          {t('do')}
        </button>
      </div>
    </>
  );
}
