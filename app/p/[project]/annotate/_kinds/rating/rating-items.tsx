'use client';

import { useTranslations } from 'use-intl/react';
import { useAnnotate, usePart, useTask } from '../../_components/annotate-context';
import { keepFocus } from '../../_components/keep-focus';
import { KeyCap } from '../../_components/key-cap';
import { answerName } from '../../_state/answer-name';
import { subjectAt } from '../../_state/subjects';
import { digitOf, type RatingAction, type RatingState, scaleOf } from './answer';
import styles from './rating.module.css';

/** The attributes of one answer, each with its scale. The digits set the one that is marked. */
export function RatingItems({ answer }: { answer: number }) {
  const t = useTranslations('annotate.rating');
  const { store, preferences } = useAnnotate();
  const { view } = useTask();
  const { part, state, at, act } = usePart<RatingState, RatingAction, 'rating'>('rating');
  const scores = state[subjectAt(part.of, view, answer)] ?? {};
  return (
    <ol className={styles.items}>
      {part.attributes.map((attribute, item) => {
        const { key, label, help, lowLabel, highLabel, required } = attribute;
        const current = at.answer === answer && at.item === item;
        const mine = scores[key];
        const steps = scaleOf(attribute);
        const tabbed = mine ?? steps[0];
        return (
          <li key={key} ref={current ? intoView : undefined} className={current ? styles.current : undefined}>
            <div className={styles.label}>
              <b title={help || undefined}>{label}</b>
              {!required && <span className="xs dim">{t('optional')}</span>}
              <span className="grow" />
              <span className={`xs dim ${styles.ends}`}>
                {lowLabel !== '' && t('end', { score: steps[0] ?? 0, label: lowLabel })}
                {lowLabel !== '' && highLabel !== '' && ' · '}
                {highLabel !== '' && t('end', { score: steps.at(-1) ?? 0, label: highLabel })}
              </span>
            </div>
            <div
              className={styles.scale}
              role="radiogroup"
              aria-label={view.responses.length > 1 && part.of === 'responses' ? t('of', { label, name: answerName(answer) }) : label}
              aria-required={required}
            >
              {steps.map((score) => {
                const digit = digitOf(attribute, score);
                return (
                  // biome-ignore lint/a11y/useSemanticElements: a radio input would take the arrows, which here go from attribute to attribute
                  <button
                    key={score}
                    type="button"
                    role="radio"
                    className={styles.score}
                    aria-checked={mine === score}
                    tabIndex={score === tabbed ? 0 : -1}
                    onMouseDown={keepFocus}
                    onFocus={() => store.focus(answer, item)}
                    onClick={() => act({ type: 'rate', answer, item, score: mine === score ? null : score })}
                  >
                    {score}
                    {current && preferences.singleKeys && digit !== null && digit !== score && <KeyCap>{digit}</KeyCap>}
                  </button>
                );
              })}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

/** The marked attribute is in sight, also where the list scrolls. */
function intoView(item: HTMLLIElement | null): void {
  item?.scrollIntoView({ block: 'nearest' });
}
