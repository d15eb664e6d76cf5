'use client';

import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl/react';
import { missingOf, summaryOf } from '../_state/answer';
import { useAnnotate, useTask } from './annotate-context';
import { useLine } from './use-line';

/** Why Submit waits and what to do, or the judgement in words: title and one line. */
export function useWhy(): { title: string; detail: ReactNode; ready: boolean } {
  const t = useTranslations('annotate.why');
  const { text, rich } = useLine();
  const { preferences } = useAnnotate();
  const { view, answer } = useTask();
  const missing = missingOf(view, answer);
  if (missing !== null) {
    const { title, todo } = missing;
    return { title: text(title), detail: todo === undefined || !preferences.singleKeys ? null : rich(todo), ready: false };
  }
  const summary = summaryOf(view, answer);
  return { title: t('ready'), detail: summary === null ? null : rich(summary), ready: true };
}
