'use client';

import { useEffect, useRef } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import type { AnnotationContent } from '#lib/domain/annotation-content';
import type { TrainingFeedback as Feedback } from '#lib/services/quality/training-feedback';
import { AnswerText } from '../../../../_components/answer-text/answer-text';
import { openSent, summaryOf } from '../_state/answer';
import type { Told } from '../_state/screen-state';
import styles from '../annotate.module.css';
import { useAnnotate } from './annotate-context';
import { KeyCap } from './key-cap';
import { useLine } from './use-line';

/**
 * After a training task: the right answer, why, and how far one's own agrees. The task stays in sight above it; it takes the place of the
 * foot, for nothing is to be sent now.
 */
export default function TrainingFeedback({ told, feedback }: { told: Told; feedback: Feedback }) {
  const t = useTranslations('annotate.training');
  const format = useFormatter();
  const { store } = useAnnotate();
  const { text } = useLine();
  const onward = useRef<HTMLButtonElement>(null);
  // What had the focus in the foot is gone from sight.
  useEffect(() => {
    const held = document.activeElement;
    if (held === null || held === document.body || held.closest('footer') !== null) onward.current?.focus({ preventScroll: true });
  }, []);
  const { agreement, answer, explanation, done, of, trained } = feedback;
  const right = answer === null ? null : summaryOf(told.view, openSent(told.view, answer as AnnotationContent));
  return (
    <aside className={styles.told} aria-label={t('label')} role="status">
      <h2>{agreement === null ? t('kept') : t('agreed', { percent: format.number(agreement, { style: 'percent' }) })}</h2>
      {right !== null && <p>{t.rich('right', { answer: text(right), b: (chunks) => <b>{chunks}</b> })}</p>}
      {explanation !== '' && <AnswerText text={explanation} />}
      <div className="row">
        <span className="sm ink2 grow">{trained ? t('trained') : t('progress', { done, of })}</span>
        <button ref={onward} type="button" className="btn primary lg" onClick={() => store.goOn()}>
          {t('goOn')}
          <KeyCap>Enter</KeyCap>
        </button>
      </div>
    </aside>
  );
}
