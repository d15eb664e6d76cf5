'use client';

import type { KeyboardEvent, ReactNode, TouchEvent } from 'react';
import { useRef } from 'react';
import { useTranslations } from 'use-intl/react';
import { answerName } from '../_state/answer-name';
import styles from '../annotate.module.css';
import { useAnnotate, useTask } from './annotate-context';
import { AnswerBody } from './answer-body';

const SWIPE_PX = 56;

/** The answers of a phone: one at a time, chosen by tab or by swiping. */
export function AnswerTabs({ badge }: { badge: (answer: number) => ReactNode }) {
  const t = useTranslations('annotate.answers');
  const { store } = useAnnotate();
  const { view, answer } = useTask();
  const focus = answer.at.answer;
  function move(event: KeyboardEvent) {
    const to = event.key === 'Home' ? 0 : event.key === 'End' ? view.responses.length - 1 : null;
    if (to === null) return;
    event.preventDefault();
    store.focus(to);
  }
  return (
    <div className={styles.tabs} role="tablist" aria-label={t('label')} onKeyDown={move}>
      {view.responses.map(({ id }, index) => (
        <button
          key={id}
          id={`tab-${index}`}
          type="button"
          role="tab"
          aria-selected={index === focus}
          aria-controls="answer"
          tabIndex={index === focus ? 0 : -1}
          onClick={() => store.focus(index)}
        >
          {badge(index)}
          {answerName(index)}
        </button>
      ))}
    </div>
  );
}

/** The one answer that is in sight, with what stands in its head and over its text. */
export function OneAnswer({ head, sheet, described }: { head: ReactNode; sheet?: ReactNode; described?: string }) {
  const t = useTranslations('annotate.answers');
  const { store } = useAnnotate();
  const { view, answer } = useTask();
  const focus = answer.at.answer;
  const count = view.responses.length;
  const swipe = useSwipe((by) => store.focus(focus + by));
  return (
    <section className={styles.one} {...swipe}>
      {/* The panel is a box of its own: an article may not be one. */}
      <div className={styles.panel} role="tabpanel" id="answer" aria-labelledby={`tab-${focus}`}>
        <article key={`${view.assignmentId} ${focus}`} className={styles.answer}>
          <header>{head}</header>
          <AnswerBody answer={focus} described={described} />
          {sheet}
          <footer className="xs dim">
            <span>{focus > 0 ? t('previous', { name: answerName(focus - 1) }) : ''}</span>
            <span className="grow" />
            <span>{t('position', { position: focus + 1, count })}</span>
            <span className="grow" />
            <span>{focus < count - 1 ? t('next', { name: answerName(focus + 1) }) : ''}</span>
          </footer>
        </article>
      </div>
    </section>
  );
}

/** A sideways stroke of one finger; not inside what scrolls sideways itself, not while text is selected. */
function useSwipe(move: (by: 1 | -1) => void) {
  const start = useRef<{ x: number; y: number } | null>(null);
  return {
    onTouchStart(event: TouchEvent) {
      const touch = event.touches[0];
      const inside = event.target instanceof Element && event.target.closest('pre, [role="group"][aria-label] table, button') !== null;
      start.current = touch === undefined || event.touches.length > 1 || inside ? null : { x: touch.clientX, y: touch.clientY };
    },
    onTouchEnd(event: TouchEvent) {
      const touch = event.changedTouches[0];
      const from = start.current;
      start.current = null;
      if (touch === undefined || from === null || String(getSelection() ?? '') !== '') return;
      const [dx, dy] = [touch.clientX - from.x, touch.clientY - from.y];
      if (Math.abs(dx) < SWIPE_PX || Math.abs(dx) < 2 * Math.abs(dy)) return;
      const rightToLeft = document.dir === 'rtl';
      move(dx < 0 !== rightToLeft ? 1 : -1);
    },
  };
}
