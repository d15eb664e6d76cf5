'use client';

import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { SkipReason } from '#lib/domain/assignment';
import { type ReportCategory, reportCategories } from '#lib/domain/task-reports';
import { Dialog } from '../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../_components/ui/error-note';
import { Field } from '../../../../_components/ui/field';
import { useTRPC } from '../../../../_trpc/client';
import { useAnnotate, useTask } from '../_components/annotate-context';
import { useOwnSettings } from './own-settings';
import styles from './panels.module.css';

/** The reason that the skip after a report gives. */
const skipReason: Readonly<Record<ReportCategory, SkipReason>> = {
  BROKEN_TEXT: 'BROKEN',
  EMPTY: 'BROKEN',
  SAME_ANSWERS: 'BROKEN',
  WRONG_LANGUAGE: 'LANGUAGE',
  PERSONAL_DATA: 'OTHER',
  HARMFUL: 'HARMFUL',
  OTHER: 'OTHER',
};

/** That reason where the project takes it, else another that it takes: a broken task is left in any case. */
function among(reason: SkipReason, taken: readonly SkipReason[]): SkipReason {
  if (taken.length === 0 || taken.includes(reason)) return reason;
  return taken.includes('OTHER') ? 'OTHER' : (taken[0] ?? reason);
}

/** Says what is wrong with the task; once the lead has it, the task is skipped. */
export default function ReportDialog() {
  const t = useTranslations('contact.report');
  const { store } = useAnnotate();
  const taken = useOwnSettings()?.preferences.project.skipReasons ?? [];
  const { view } = useTask();
  const [category, setCategory] = useState<ReportCategory | null>(null);
  const [text, setText] = useState('');
  const close = () => store.getState().panel === 'report' && store.open(null);
  const report = useMutation(
    useTRPC().messages.report.mutationOptions({
      onSuccess: (_, sent) => {
        if (store.getState().current?.view.assignmentId === sent.assignmentId) store.skip(among(skipReason[sent.category], taken));
        close();
      },
    }),
  );
  const ready = category !== null && (category !== 'OTHER' || text.trim() !== '');
  function submit(event: FormEvent) {
    event.preventDefault();
    if (category === null || !ready || report.isPending) return;
    report.mutate({ assignmentId: view.assignmentId, category, text });
  }
  return (
    <Dialog title={t('title')} onClose={close}>
      <form className={styles.form} onSubmit={submit}>
        <p className="ink2">{t('text')}</p>
        <ErrorNote error={report.error} />
        <fieldset className={styles.choices}>
          <legend className="b">{t('what')}</legend>
          {reportCategories.map((one) => (
            <label key={one} className="choice">
              <input type="radio" name="category" checked={category === one} onChange={() => setCategory(one)} />
              {t(one)}
            </label>
          ))}
        </fieldset>
        <Field label={category === 'OTHER' ? t('moreNeeded') : t('more')}>
          {(ids) => (
            <textarea {...ids} rows={3} dir="auto" maxLength={2000} value={text} onChange={(event) => setText(event.currentTarget.value)} />
          )}
        </Field>
        <div className="actions">
          <button type="button" className="btn" onClick={close}>
            {t('stay')}
          </button>
          <button type="submit" className="btn primary" aria-disabled={!ready} aria-busy={report.isPending}>
            {report.isPending ? t('busy') : t('send')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
