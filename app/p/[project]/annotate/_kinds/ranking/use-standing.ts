'use client';

import { useTranslations } from 'use-intl/react';
import { useNames } from '../../_components/use-words';
import { type Place, standing } from './places';

/** In words what an answer is among the others: "tied with C", "best so far". */
export function useStanding(): (places: readonly Place[], answer: number) => string {
  const t = useTranslations('annotate.standing');
  const names = useNames();
  return (places, answer) => {
    const is = standing(places, answer);
    switch (is.kind) {
      case 'open':
        return t('open');
      case 'aside':
        return t('aside');
      case 'best':
        return t(is.final ? 'best' : 'bestSoFar');
      case 'tied':
        return t('tied', { others: names(is.with) });
      case 'after':
        return t('after', { others: names(is.answers) });
      case 'placed':
        return t('placed', { place: is.place });
    }
  };
}
