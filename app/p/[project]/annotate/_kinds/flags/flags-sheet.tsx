'use client';

import { useTranslations } from 'use-intl/react';
import { usePart } from '../../_components/annotate-context';
import { SheetFrame } from '../../_components/sheet-frame';
import { answerName } from '../../_state/answer-name';
import type { FlagsAction, FlagsState } from './answer';
import { FlagItems } from './flag-items';

/** Flags asked besides another judgement. */
export default function FlagsSheet({ answer }: { answer: number }) {
  const t = useTranslations('annotate.flags');
  const { part } = usePart<FlagsState, FlagsAction, 'flags'>('flags');
  return (
    <SheetFrame title={part.of === 'task' ? t('sheetTask') : t('sheet', { name: answerName(answer) })}>
      <FlagItems answer={answer} showKeys />
    </SheetFrame>
  );
}
