'use client';

import { useLocale, useTranslations } from 'use-intl/react';
import type { LabelingApi } from '../_state/screen-state';
import { wordedApi } from '../_state/worded-api';

/** Default forms are written in English: only for readers of another language they are worded anew. */
export function useWordedApi(): (api: LabelingApi) => LabelingApi {
  const t = useTranslations('annotate.defaults');
  const locale = useLocale();
  // What is worded goes by its key; the compiler sees only that such keys exist, a test that each one does.
  return (api) => (locale === 'en' ? api : wordedApi(api, (path) => t(path as never)));
}
