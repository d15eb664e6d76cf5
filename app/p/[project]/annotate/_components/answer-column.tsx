'use client';

import { answerName } from '../_state/ranking';
import styles from '../annotate.module.css';
import { useAnnotate, useTask } from './annotate-context';
import { AnswerBody } from './answer-body';
import { PlaceButtons } from './place-buttons';
import { RankBadge } from './rank-badge';
import { useStanding } from './use-standing';

/** One answer side by side with the others: its place, its text, the places to give. */
export function AnswerColumn({ answer }: { answer: number }) {
  const { store } = useAnnotate();
  const { ranking } = useTask();
  const standing = useStanding();
  const focused = ranking.focus === answer;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: arrow keys move the focus; a click anywhere on the answer does too
    <article
      className={`${styles.answer} ${focused ? styles.focused : ''}`}
      aria-current={focused || undefined}
      onClick={() => store.rank({ type: 'focus', answer })}
    >
      <header>
        <RankBadge places={ranking.places} answer={answer} />
        <h2>{answerName(answer)}</h2>
        <span className={styles.standing}>{standing(ranking.places, answer)}</span>
      </header>
      <AnswerBody answer={answer} />
      <footer className={focused ? undefined : styles.quiet}>
        <PlaceButtons answer={answer} showKey={focused} />
      </footer>
    </article>
  );
}
