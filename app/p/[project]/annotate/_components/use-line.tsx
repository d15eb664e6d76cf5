'use client';

import type { ReactNode } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import { answerName } from '../_state/answer-name';
import type { Line } from '../_state/line';
import { KeyCap } from './key-cap';

type Filling = Record<string, string | number | ((chunks: ReactNode) => ReactNode)>;

/** Words a line: `text` for the live region, `rich` with key caps for the eye. */
export function useLine(): { text: (line: Line) => string; rich: (line: Line) => ReactNode } {
  const t = useTranslations();
  const format = useFormatter();
  const fill = (line: Line): Filling => {
    const filling: Filling = {};
    for (const [name, answers] of Object.entries(line.names ?? {})) {
      filling[name] = format.list(answers.map(answerName), { type: 'conjunction' });
      filling[`${name}Count`] = answers.length;
    }
    for (const [name, value] of Object.entries(line.values ?? {})) filling[name] = typeof value === 'object' ? text(value) : value;
    return filling;
  };
  // What a line is filled with goes by its key; the compiler sees only that the key exists.
  const text = (line: Line): string => t(line.key, fill(line) as never);
  const rich = (line: Line): ReactNode => t.rich(line.key, { ...fill(line), k: (chunks: ReactNode) => <KeyCap>{chunks}</KeyCap> } as never);
  return { text, rich };
}
