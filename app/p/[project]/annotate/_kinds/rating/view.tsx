'use client';

import { useTranslations } from 'use-intl/react';
import { usePart, useTask } from '../../_components/annotate-context';
import { AnswerColumns } from '../../_components/answer-columns';
import { AnswerTabs, OneAnswer } from '../../_components/answer-tabs';
import { KindFoot, KindThumb, ReadingTools } from '../../_components/foot';
import { Prompt } from '../../_components/prompt';
import { Sheet } from '../../_components/sheets';
import { answerName } from '../../_state/answer-name';
import { subjectAt } from '../../_state/subjects';
import styles from '../../annotate.module.css';
import type { RatingAction, RatingState } from './answer';
import { RatingItems } from './rating-items';

/** Each answer with its attributes and their scales below its text. */
export default function RatingView({ phone }: { phone: boolean }) {
  const t = useTranslations('annotate.rating');
  const { view, answer: judgement } = useTask();
  const { part, state, at } = usePart<RatingState, RatingAction, 'rating'>('rating');
  const count = part.attributes.length;
  const done = (answer: number) => Object.keys(state[subjectAt(part.of, view, answer)] ?? {}).length;
  const standing = (answer: number) => t('done', { done: done(answer), count });
  const badge = (answer: number) => <span className={`rank s ${done(answer) < count ? 'none' : 'aside'}`}>{done(answer)}</span>;
  const head = (answer: number) => (
    <>
      <h2>{answerName(answer)}</h2>
      <span className={styles.standing}>{standing(answer)}</span>
    </>
  );
  if (phone) {
    return (
      <>
        <Prompt touch />
        <AnswerTabs badge={badge} />
        <OneAnswer head={head(at.answer)} described={standing(at.answer)} sheet={<Sheet answer={at.answer} />} />
        <KindThumb>
          <div className={styles.thumbList}>
            <RatingItems answer={at.answer} />
          </div>
        </KindThumb>
      </>
    );
  }
  const all = part.of === 'task' ? done(0) : view.responses.reduce((sum, _, answer) => sum + done(answer), 0);
  const wanted = part.of === 'task' ? count : count * view.responses.length;
  return (
    <>
      <Prompt />
      <AnswerColumns
        head={head}
        described={standing}
        sheet={(answer) => (
          <>
            <div className={styles.asked}>
              {(part.of === 'responses' || judgement.at.answer === answer) && <RatingItems answer={answer} />}
            </div>
            <Sheet answer={answer} />
          </>
        )}
      />
      <KindFoot
        lead={
          <span className={`sm ink2 ${styles.twoLines}`}>
            <b>{t('done', { done: all, count: wanted })}</b>
            <span>{part.attributes[at.item]?.help}</span>
          </span>
        }
        tools={<ReadingTools />}
      />
    </>
  );
}
