'use client';

import type { MouseEvent } from 'react';
import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../../_components/ui/icon';
import { ASIDE, groups } from '../_state/ranking';
import styles from '../annotate.module.css';
import { useAnnotate, useTask } from './annotate-context';
import { KeyCap } from './key-cap';
import { useNames } from './use-words';

/** A mouse press leaves the keyboard where it was, so that Enter after a click submits instead of pressing again. */
export function keepFocus(event: MouseEvent) {
  event.preventDefault();
}

/** The places 1..K and "Set aside" of one answer. With single keys on, Tab goes from answer to answer and passes these by. */
export function PlaceButtons({ answer, showKey, touch }: { answer: number; showKey?: boolean; touch?: boolean }) {
  const t = useTranslations('annotate.answers');
  const { store, preferences } = useAnnotate();
  const { ranking } = useTask();
  const names = useNames();
  const { places } = ranking;
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
          onClick={() => store.rank({ type: 'place', place: index + 1, answer })}
        >
          {index + 1}
        </button>
      ))}
      {!touch && <span className="grow" />}
      <button
        type="button"
        className={`btn ${showKey || touch ? '' : 'quiet'} ${styles.setAside}`}
        tabIndex={tabIndex}
        aria-label={iconOnly ? t('aside') : undefined}
        aria-keyshortcuts="X"
        aria-pressed={mine === ASIDE}
        title={iconOnly ? t('aside') : undefined}
        onMouseDown={keepFocus}
        onClick={() => store.rank({ type: 'toggleAside', answer })}
      >
        {iconOnly ? <Icon name="ban" /> : t('aside')}
        {showKey && !iconOnly && preferences.singleKeys && <KeyCap>X</KeyCap>}
      </button>
    </>
  );
}
