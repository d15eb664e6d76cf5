'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { GoldCandidate } from '#lib/services/quality/list-gold-candidates';
import { Dialog } from '../../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Field } from '../../../../../_components/ui/field';
import { useTRPC } from '../../../../../_trpc/client';
import styles from './quality.module.css';

interface Props {
  candidate: GoldCandidate;
  maxExposures: number;
  onClose: () => void;
}

const purposes = ['GOLD', 'TRAINING', 'QUALIFICATION'] as const;

/** Takes a decided task as gold, for training or for the test. */
export function TakeGoldDialog({ candidate, maxExposures, onClose }: Props) {
  const t = useTranslations('quality');
  const common = useTranslations('common');
  const router = useRouter();
  const [purpose, setPurpose] = useState<(typeof purposes)[number]>('GOLD');
  const promote = useMutation(
    useTRPC().quality.promoteGold.mutationOptions({
      onSuccess: () => {
        router.refresh();
        onClose();
      },
    }),
  );
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (promote.isPending) return;
    const form = new FormData(event.currentTarget);
    const most = String(form.get('maxExposures') ?? '').trim();
    promote.mutate({
      taskId: candidate.taskId,
      purpose,
      explanation: String(form.get('explanation')),
      maxExposures: most === '' ? null : Number(most),
    });
  }
  return (
    <Dialog title={t('gold.takeTitle')} onClose={onClose}>
      <form className={styles.stack} onSubmit={submit}>
        <p className={`b ${styles.question}`} dir="auto">
          {candidate.question}
        </p>
        <p className="ink2">{t('gold.takeText')}</p>
        <ErrorNote error={promote.error} />
        <fieldset className={styles.group}>
          <legend>{t('gold.use')}</legend>
          {purposes.map((each) => (
            <label key={each} className="choice">
              <input type="radio" name="purpose" checked={purpose === each} onChange={() => setPurpose(each)} />
              {t(`gold.purpose.${each}`)}
            </label>
          ))}
        </fieldset>
        <Field label={t('gold.explanation')} hint={t('gold.explanationHint')}>
          {(ids) => <textarea {...ids} name="explanation" dir="auto" maxLength={4000} defaultValue={candidate.reason} />}
        </Field>
        {purpose === 'GOLD' && (
          <Field label={t('gold.maxExposures')} hint={t('gold.maxExposuresHint', { n: maxExposures })}>
            {(ids) => <input {...ids} name="maxExposures" type="number" min={1} max={100_000} />}
          </Field>
        )}
        <div className="actions">
          <button type="button" className="btn lg" onClick={onClose}>
            {common('cancel')}
          </button>
          <button type="submit" className="btn primary lg" aria-busy={promote.isPending}>
            {t('gold.take')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
