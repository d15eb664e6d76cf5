'use client';

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

/** After a training task: the right answer, why, and how far one's own agrees. The task stays in sight behind it. */
export default function TrainingFeedback({ told, feedback }: { told: Told; feedback: Feedback }) {
  const t = useTranslations('annotate.training');
  const format = useFormatter();
  const { store } = useAnnotate();
  const { text } = useLine();
  const { agreement, answer, explanation, done, of, trained } = feedback;
  const right = answer === null ? null : summaryOf(told.view, openSent(told.view, answer as AnnotationContent));
  return (
    <aside className={styles.told} aria-label={t('label')} role="status">
      <h2>{agreement === null ? t('kept') : t('agreed', { percent: format.number(agreement, { style: 'percent' }) })}</h2>
      {right !== null && (
        <p>
          {t('right')}: <b>{text(right)}</b>
        </p>
      )}
      {explanation !== '' && <AnswerText text={explanation} />}
      <div className="row">
        <span className="sm ink2 grow">{trained ? t('trained') : t('progress', { done, of })}</span>
        <button type="button" className="btn primary" onClick={() => store.goOn()}>
          {t('goOn')}
          <KeyCap>Enter</KeyCap>
        </button>
      </div>
    </aside>
  );
}
