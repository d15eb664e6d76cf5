'use client';

import type { PointerEvent, ReactNode } from 'react';
import { useTranslations } from 'use-intl/react';
import styles from '../annotate.module.css';
import { useAnnotate, useTask } from './annotate-context';
import { AnswerBody } from './answer-body';
import { useDifferences } from './use-differences';
import { useScrollTogether } from './use-scroll-together';

interface Props {
  /** What stands above, over and below an answer's text. */
  head: (answer: number, focused: boolean) => ReactNode;
  sheet?: (answer: number) => ReactNode;
  foot?: (answer: number, focused: boolean) => ReactNode;
  /** Whether another answer can be dropped on it. */
  placed?: (answer: number) => boolean;
  /** In words what stands in the head. */
  described?: (answer: number) => string;
  /** Whether the answer that the keys are for is framed: not where they are for the task as a whole. */
  framed?: boolean;
  onHeadPointerDown?: (event: PointerEvent, answer: number) => void;
}

/** All answers in full, side by side or one below the other, as the person likes it. */
export function AnswerColumns({ head, sheet, foot, described, placed, framed = true, onHeadPointerDown }: Props) {
  const t = useTranslations('annotate.answers');
  const { store, preferences } = useAnnotate();
  const { view, answer: judgement } = useTask();
  const count = view.responses.length;
  const stacked = preferences.layout === 'stacked';
  useDifferences();
  useScrollTogether(!stacked);
  return (
    <section
      className={`${styles.answers} ${stacked ? styles.stacked : count > 4 ? styles.many : ''}`}
      style={{ '--count': count } as React.CSSProperties}
      aria-label={t('label')}
    >
      {view.responses.map(({ id }, answer) => {
        const focused = judgement.at.answer === answer;
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: arrow keys move the focus; a click anywhere on the answer does too
          <article
            key={`${view.assignmentId} ${id}`}
            data-answer={answer}
            data-placed={placed?.(answer)}
            className={`${styles.answer} ${focused && framed && count > 1 ? styles.focused : ''} ${foot ? '' : styles.footless}`}
            aria-current={focused || undefined}
            onClick={() => store.focus(answer)}
          >
            <header onPointerDown={onHeadPointerDown && ((event) => onHeadPointerDown(event, answer))}>{head(answer, focused)}</header>
            <AnswerBody answer={answer} described={described?.(answer)} />
            {sheet?.(answer)}
            {foot && <footer className={focused ? undefined : styles.quiet}>{foot(answer, focused)}</footer>}
          </article>
        );
      })}
    </section>
  );
}
