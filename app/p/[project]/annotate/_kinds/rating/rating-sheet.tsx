'use client';

import { useTranslations } from 'use-intl/react';
import { usePart } from '../../_components/annotate-context';
import { SheetFrame } from '../../_components/sheet-frame';
import { answerName } from '../../_state/answer-name';
import type { RatingAction, RatingState } from './answer';
import { RatingItems } from './rating-items';

/** Ratings asked besides another judgement. */
export default function RatingSheet({ answer }: { answer: number }) {
  const t = useTranslations('annotate.rating');
  const { part } = usePart<RatingState, RatingAction, 'rating'>('rating');
  return (
    <SheetFrame title={part.of === 'task' ? t('sheetTask') : t('sheet', { name: answerName(answer) })}>
      <RatingItems answer={answer} />
    </SheetFrame>
  );
}
