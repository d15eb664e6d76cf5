'use client';

import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { blurModes, contentCategories, isContentCategory } from '#lib/domain/content-categories';
import type { PreferencesView } from '#lib/services/own-work/preferences';
import { ErrorNote } from '../../../_components/ui/error-note';
import { Field } from '../../../_components/ui/field';
import { useTRPC } from '../../../_trpc/client';
import styles from './preferences-form.module.css';

const breaks = [20, 30, 45, 60, 90, 120] as const;

interface Props {
  projectId: string;
  initial: PreferencesView;
  onSaved?: (preferences: PreferencesView) => void;
}

/** What a person sees and when he is reminded; each change is kept at once. */
export function PreferencesForm({ projectId, initial, onSaved }: Props) {
  const t = useTranslations('mine.settings');
  // What was ticked shows at once; what the server kept takes its place, or what was there before where it kept nothing.
  const [ticked, setTicked] = useState<readonly string[] | null>(null);
  const save = useMutation(useTRPC().ownWork.savePreferences.mutationOptions({ onSuccess: onSaved, onSettled: () => setTicked(null) }));
  const shown = save.data ?? initial;
  const change = (part: Parameters<typeof save.mutate>[0]['change']) => {
    if (part.hiddenCategories) setTicked(part.hiddenCategories);
    save.mutate({ projectId, change: part });
  };
  const named = (ticked ?? shown.hiddenCategories).filter(isContentCategory);
  const breakWords = (minutes: number | null) => (minutes === null ? t('breakNever') : t('breakAfter', { n: minutes }));
  return (
    <div className={styles.form}>
      <ErrorNote error={save.error} />
      <fieldset className={styles.group}>
        <legend className="b">{t('hidden')}</legend>
        <p className="sm ink2">{t('hiddenText')}</p>
        <div className={styles.categories}>
          {contentCategories.map((category) => (
            <label key={category} className="choice">
              <input
                type="checkbox"
                checked={named.includes(category)}
                onChange={(event) =>
                  change({ hiddenCategories: event.currentTarget.checked ? [...named, category] : named.filter((one) => one !== category) })
                }
              />
              {t(`category.${category}`)}
            </label>
          ))}
        </div>
      </fieldset>
      <Field label={t('blur')} hint={t('blurText')}>
        {(ids) => (
          <select
            {...ids}
            value={shown.own.blur ? shown.blur : 'project'}
            onChange={(event) => change({ blur: [...blurModes, 'project' as const].find((one) => one === event.currentTarget.value) })}
          >
            <option value="project">{t('project', { value: t(`blurMode.${shown.project.blur}`) })}</option>
            {blurModes.map((mode) => (
              <option key={mode} value={mode}>
                {t(`blurMode.${mode}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('break')} hint={t('breakText')}>
        {(ids) => (
          <select
            {...ids}
            value={shown.own.breakMinutes ? String(shown.breakMinutes) : 'project'}
            onChange={(event) => {
              const { value } = event.currentTarget;
              change({ breakMinutes: value === 'project' ? 'project' : value === 'null' ? null : Number(value) });
            }}
          >
            <option value="project">{t('project', { value: breakWords(shown.project.breakMinutes) })}</option>
            {breaks.map((minutes) => (
              <option key={minutes} value={minutes}>
                {breakWords(minutes)}
              </option>
            ))}
            <option value="null">{t('breakNever')}</option>
          </select>
        )}
      </Field>
      <p className="sm dim" role="status">
        {save.isPending ? t('saving') : save.isSuccess ? t('saved') : ''}
      </p>
    </div>
  );
}
