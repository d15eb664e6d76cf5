'use client';

import { useTranslations } from 'use-intl/react';
import styles from '../annotate.module.css';
import { useScreen, useTask } from './annotate-context';
import { AnswerColumn } from './answer-column';
import { NoTask } from './cards';
import { Foot } from './foot';
import { Prompt } from './prompt';
import { TopBar } from './top-bar';
import { useDifferences } from './use-differences';

/** All answers side by side. */
export function WideScreen() {
  const open = useScreen((state) => state.current !== null);
  return (
    <>
      <TopBar />
      {open ? <Task /> : <NoTask />}
    </>
  );
}

function Task() {
  const t = useTranslations('annotate.answers');
  const { view } = useTask();
  useDifferences();
  return (
    <>
      <Prompt />
      <section
        className={`${styles.answers} ${view.responses.length > 4 ? styles.many : ''}`}
        style={{ '--count': view.responses.length } as React.CSSProperties}
        aria-label={t('label')}
      >
        {view.responses.map(({ id }, answer) => (
          <AnswerColumn key={`${view.assignmentId} ${id}`} answer={answer} />
        ))}
      </section>
      <Foot />
    </>
  );
}
