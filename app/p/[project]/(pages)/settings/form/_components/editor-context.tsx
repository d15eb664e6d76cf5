'use client';

import { createContext, useContext } from 'react';
import { useTranslations } from 'use-intl/react';

/** Faults by the path of their field, once saving was tried. */
const Faults = createContext<ReadonlyMap<string, string>>(new Map());
export const FaultsProvider = Faults.Provider;

const worded = ['label', 'key', 'max', 'min', 'maxCharacters', 'minCharacters', 'maxTurns'] as const;

/** What is wrong with a field, in the reader's language; null where nothing is. */
export function useFault(path: string): string | null {
  const t = useTranslations('form');
  const fault = useContext(Faults).get(path);
  if (fault === undefined) return null;
  const field = worded.find((one) => path.endsWith(`.${one}`));
  return field ? t(`wrong.${field}`) : t('wrong.other');
}
