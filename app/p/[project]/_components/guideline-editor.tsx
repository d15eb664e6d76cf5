'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { ErrorNote } from '../../../_components/ui/error-note';
import { Field } from '../../../_components/ui/field';
import { useTRPC } from '../../../_trpc/client';
import styles from './forms.module.css';

interface Props {
  projectId: string;
  guideline: { version: number; text: string };
  primary: boolean;
  /** Without the right to write it is only shown. */
  mayWrite: boolean;
}

/** The guideline as people read it; saving makes a new version, tasks that exist keep theirs. */
export function GuidelineEditor({ projectId, guideline, primary, mayWrite }: Props) {
  const t = useTranslations('start');
  const common = useTranslations('common');
  const router = useRouter();
  const [text, setText] = useState(guideline.text);
  const save = useMutation(useTRPC().projects.saveGuideline.mutationOptions({ onSuccess: () => router.refresh() }));
  const changed = text.trim() !== guideline.text.trim();

  function submit(event: FormEvent) {
    event.preventDefault();
    if (save.isPending || !changed) return;
    save.mutate({ projectId, text, basedOn: guideline.version });
  }

  return (
    <form className={styles.form} onSubmit={submit}>
      <ErrorNote error={save.error} />
      <Field label={t('guideline.label', { version: guideline.version })} hint={t('guideline.hint')}>
        {(ids) => (
          <textarea
            {...ids}
            className={styles.guideline}
            dir="auto"
            value={text}
            maxLength={100_000}
            readOnly={!mayWrite}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
      </Field>
      {mayWrite && (
        <div className="row wrap">
          <button type="submit" className={primary ? 'btn primary lg' : 'btn lg'} aria-disabled={!changed} aria-busy={save.isPending}>
            {save.isPending ? common('saving') : t('guideline.save', { version: guideline.version + 1 })}
          </button>
          <span className="sm dim" aria-live="polite">
            {changed ? t('guideline.unsaved') : save.isSuccess ? t('guideline.saved', { version: guideline.version }) : t('guideline.same')}
          </span>
        </div>
      )}
    </form>
  );
}
