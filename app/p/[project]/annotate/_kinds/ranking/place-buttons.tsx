'use client';

import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../../../_components/ui/icon';
import { useAnnotate } from '../../_components/annotate-context';
import { keepFocus } from '../../_components/keep-focus';
import { KeyCap } from '../../_components/key-cap';
import { useNames } from '../../_components/use-words';
import styles from '../../annotate.module.css';
import { ASIDE, groups } from './places';
import { useRanking } from './use-ranking';

/** The places 1..K and "Set aside" of one answer. With single keys on, Tab goes from answer to answer and passes these by. */
export function PlaceButtons({ answer, showKey, touch }: { answer: number; showKey?: boolean; touch?: boolean }) {
  const t = useTranslations('annotate.answers');
  const { preferences } = useAnnotate();
  const { part, state, act } = useRanking();
  const names = useNames();
  const { places } = state;
  const mine = places[answer];
  const tabIndex = preferences.singleKeys && !touch ? -1 : 0;
  const order = groups(places);
  const label = (place: number) => {
    const others = order.find((group) => group.place === place)?.answers.filter((other) => other !== answer) ?? [];
    return others.length > 0 ? t('placeTies', { place, others: names(others) }) : t('place', { place });
  };
  const iconOnly = places.length > 6;
  return (
    <>
      {places.map((_, index) => (
        <button
          key={index}
          type="button"
          className={styles.place}
          tabIndex={tabIndex}
          aria-label={label(index + 1)}
          aria-pressed={mine === index + 1}
          onMouseDown={keepFocus}
          onClick={() => act({ type: 'place', place: index + 1, answer })}
        >
          {index + 1}
        </button>
      ))}
      {!touch && <span className="grow" />}
      {part.aside && (
        <button
          type="button"
          className={`btn ${showKey || touch ? '' : 'quiet'} ${styles.setAside}`}
          tabIndex={tabIndex}
          aria-label={iconOnly ? t('aside') : undefined}
          aria-keyshortcuts="X"
          aria-pressed={mine === ASIDE}
          title={iconOnly ? t('aside') : undefined}
          onMouseDown={keepFocus}
          onClick={() => act({ type: 'toggleAside', answer })}
        >
          {iconOnly ? <Icon name="ban" /> : t('aside')}
          {showKey && !iconOnly && preferences.singleKeys && <KeyCap>X</KeyCap>}
        </button>
      )}
    </>
  );
}
