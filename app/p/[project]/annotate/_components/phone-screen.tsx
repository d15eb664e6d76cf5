'use client';

import { type KeyboardEvent, type TouchEvent, useRef } from 'react';
import { useTranslations } from 'use-intl/react';
import { answerName } from '../_state/ranking';
import styles from '../annotate.module.css';
import { useAnnotate, useScreen, useTask } from './annotate-context';
import { AnswerBody } from './answer-body';
import { NoTask } from './cards';
import { Thumb } from './foot';
import { Prompt } from './prompt';
import { RankBadge } from './rank-badge';
import { PhoneBar } from './top-bar';
import { useStanding } from './use-standing';

const SWIPE_PX = 56;

/** One answer at a time; everything to decide is in the lower third. */
export function PhoneScreen() {
  const open = useScreen((state) => state.current !== null);
  return (
    <>
      <PhoneBar />
      {open ? <Task /> : <NoTask />}
    </>
  );
}

function Task() {
  const t = useTranslations('annotate.answers');
  const { store } = useAnnotate();
  const { view, ranking } = useTask();
  const standing = useStanding();
  const swipe = useSwipe((by) => store.rank({ type: 'move', by }));
  const { focus, places } = ranking;
  return (
    <>
      <Prompt touch />
      <Tabs />
      <section className={styles.one} {...swipe}>
        <article
          key={`${view.assignmentId} ${focus}`}
          className={styles.answer}
          role="tabpanel"
          id="answer"
          aria-labelledby={`tab-${focus}`}
        >
          <header>
            <RankBadge places={places} answer={focus} />
            <h2>{answerName(focus)}</h2>
            <span className={styles.standing}>{standing(places, focus)}</span>
          </header>
          <AnswerBody answer={focus} />
          <footer className="xs dim">
            <span>{focus > 0 ? t('previous', { name: answerName(focus - 1) }) : ''}</span>
            <span className="grow" />
            <span>{t('position', { position: focus + 1, count: places.length })}</span>
            <span className="grow" />
            <span>{focus < places.length - 1 ? t('next', { name: answerName(focus + 1) }) : ''}</span>
          </footer>
        </article>
      </section>
      <Thumb />
    </>
  );
}

function Tabs() {
  const t = useTranslations('annotate.answers');
  const { store } = useAnnotate();
  const { ranking } = useTask();
  const list = useRef<HTMLDivElement>(null);
  function move(event: KeyboardEvent) {
    const to = event.key === 'Home' ? 0 : event.key === 'End' ? ranking.places.length - 1 : null;
    if (to === null) return;
    event.preventDefault();
    store.rank({ type: 'focus', answer: to });
  }
  return (
    <div ref={list} className={styles.tabs} role="tablist" aria-label={t('label')} onKeyDown={move}>
      {ranking.places.map((_, answer) => (
        <button
          key={answerName(answer)}
          id={`tab-${answer}`}
          type="button"
          role="tab"
          aria-selected={answer === ranking.focus}
          aria-controls="answer"
          tabIndex={answer === ranking.focus ? 0 : -1}
          onClick={() => store.rank({ type: 'focus', answer })}
        >
          <RankBadge places={ranking.places} answer={answer} small />
          {answerName(answer)}
        </button>
      ))}
    </div>
  );
}

/** A sideways stroke of one finger; not inside what scrolls sideways itself, not while text is selected. */
function useSwipe(move: (by: 1 | -1) => void) {
  const start = useRef<{ x: number; y: number } | null>(null);
  return {
    onTouchStart(event: TouchEvent) {
      const touch = event.touches[0];
      const inside = event.target instanceof Element && event.target.closest('pre, [role="group"][aria-label] table') !== null;
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
