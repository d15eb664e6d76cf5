'use client';

import { useFormatter, useTranslations } from 'use-intl/react';
import type { TaskKind } from '#lib/domain/forms';
import { type Draft, type FieldName, fields } from '../_state/fields';

type Timed = `dwell.minMs.${TaskKind}`;

/** What the fields of the policy and their values are called. */
export function useFieldWords() {
  const t = useTranslations('labeling');
  const form = useTranslations('form.kind');
  const skip = useTranslations('annotate.skip');
  const format = useFormatter();

  /** Times by kind are named by the kind alone; the card says what they are. */
  const isTimed = (name: FieldName): name is Timed => name.startsWith('dwell.minMs.');
  const label = (name: FieldName) =>
    isTimed(name) ? t('field.dwell.minMs.label', { kind: form(name.slice('dwell.minMs.'.length) as TaskKind) }) : t(`field.${name}.label`);
  const hint = (name: FieldName) => (isTimed(name) ? undefined : t(`field.${name}.hint`));

  function option(name: FieldName, value: string): string {
    if (name === 'adaptive.by') return t(`option.by.${value as 'pairs' | 'order' | 'best'}`);
    return t(`option.blur.${value as 'all' | 'flagged' | 'none'}`);
  }

  /** A value as one would say it. */
  function valueWords(name: FieldName, draft: Draft): string {
    if (typeof draft === 'boolean') return t(draft ? 'on' : 'off');
    if (typeof draft !== 'string') return format.list(draft.map((reason) => skip(reason as 'OTHER')));
    const { control } = fields[name];
    if (control === 'choice') return option(name, draft);
    if (control !== 'number') return draft;
    return draft.trim() === '' ? t('none') : format.number(Number(draft), { maximumFractionDigits: 4 });
  }

  return { label, hint, option, valueWords };
}
