'use client';

import { useTranslations } from 'use-intl/react';
import { answerName } from '../_state/answer-name';
import { type Choice, type ChoiceForm, choiceDigit, choiceLine, scaleChoices } from '../_state/strength';
import styles from '../annotate.module.css';
import { useAnnotate } from './annotate-context';
import { keepFocus } from './keep-focus';
import { KeyCap } from './key-cap';
import { useLine } from './use-line';

interface Props {
  form: ChoiceForm;
  choice: Choice | null;
  choose: (choice: Choice) => void;
  touch?: boolean;
}

/** The scale between two answers, lying as they lie: the first one's side first. Nothing is chosen beforehand. */
export function ChoiceScale({ form, choice, choose, touch }: Props) {
  const t = useTranslations('annotate.choice');
  const { text } = useLine();
  const { preferences } = useAnnotate();
  // For a thumb, what says neither stands in words in a row of its own.
  const neither = (one: Choice) => one === 'bad' || one === 0;
  const choices: Choice[] = [...scaleChoices(form), ...(form.bothBad ? (['bad'] as const) : [])];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be announced as a form
    <div
      className={`${styles.choices} ${touch ? styles.touchChoices : ''} ${form.strength ? '' : styles.twoSides}`}
      role="group"
      aria-label={t('label')}
    >
      {choices.map((one) => (
        <button
          key={one}
          type="button"
          className={`${styles.choice} ${one === 'bad' ? styles.bothBad : one === 0 ? styles.noDifference : ''} ${touch && neither(one) ? styles.neither : ''}`}
          aria-pressed={choice === one}
          onMouseDown={keepFocus}
          onClick={() => choose(one)}
        >
          <span>
            {typeof one === 'number' && one < 0 && (
              <span className={styles.chevrons} aria-hidden="true">
                {'‹'.repeat(-one)}{' '}
              </span>
            )}
            {touch && typeof one === 'number' && one !== 0 ? (
              <>
                <span aria-hidden="true">{answerName(one < 0 ? 0 : 1)}</span>
                <span className="hidden-text">{text(choiceLine(form, one))}</span>
              </>
            ) : (
              <span>{text(choiceLine(form, one))}</span>
            )}
            {typeof one === 'number' && one > 0 && (
              <span className={styles.chevrons} aria-hidden="true">
                {' '}
                {'›'.repeat(one)}
              </span>
            )}
          </span>
          {!touch && preferences.singleKeys && <KeyCap>{choiceDigit(form, one)}</KeyCap>}
        </button>
      ))}
    </div>
  );
}
