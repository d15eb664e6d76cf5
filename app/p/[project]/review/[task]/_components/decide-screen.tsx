'use client';

import Link from 'next/link';
import { useFormatter, useTranslations } from 'use-intl/react';
import { errorCategorySchema } from '#lib/domain/review/error-categories';
import type { ReviewView } from '#lib/services/review/open-review';
import { AnswerText, PlainText } from '../../../../../_components/answer-text/answer-text';
import { Icon } from '../../../../../_components/ui/icon';
import { wordedForm } from '../../../_lib/worded-form';
import { AnswerVerdicts, type Judge, TaskVerdicts } from './answer-verdicts';
import styles from './decide.module.css';
import { DecideForm } from './decide-form';
import { MakeGold } from './make-gold';

interface Props {
  review: ReviewView;
  slug: string;
  mayMakeGold: boolean;
}

/** Every answer with what each judged of it, names and scores left out; below them the decision with its reason. */
export function DecideScreen({ review, slug, mayMakeGold }: Props) {
  const t = useTranslations('review');
  const word = useTranslations('annotate.defaults');
  const { task, decision } = review;
  const form = wordedForm(task.form.spec, (path) => word(path as never));
  const judges = useJudges(review);
  return (
    <div className="page">
      <p className="sm">
        <Link href={`/p/${slug}/review`}>{t('back')}</Link>
      </p>
      <h1>{decision ? t('decided.title') : t('decide.title')}</h1>
      <section className="card" aria-label={t('prompt')}>
        <div className="read">
          {task.prompt.messages.map((message, index) =>
            message.role === 'assistant' ? (
              <AnswerText key={index} text={message.content} />
            ) : (
              <PlainText key={index} text={message.content} />
            ),
          )}
        </div>
      </section>
      <div className={styles.answers}>
        {task.responses.map(({ id, text }, index) => (
          <section key={id} className="card">
            <h2>{t('answer', { name: String.fromCharCode(65 + index) })}</h2>
            <AnswerVerdicts judges={judges} subject={id} form={form} />
            <div className="read">
              <AnswerText text={text} />
            </div>
          </section>
        ))}
      </div>
      <TaskVerdicts judges={judges} form={form} />
      {decision ? (
        <Decided review={review} decision={decision} mayMakeGold={mayMakeGold} />
      ) : (
        <DecideForm judges={judges} taskId={task.taskId} />
      )}
    </div>
  );
}

function useJudges({ judgement, labels, decision }: ReviewView): readonly Judge[] {
  const t = useTranslations('review.judge');
  const own: Judge[] = judgement
    ? [{ id: 'own', name: t('own'), content: judgement, annotationId: null, activeMs: null, superseded: false }]
    : [];
  const others = (labels ?? []).map(
    (label, index): Judge => ({
      id: label.annotationId,
      name: t(label.superseded ? 'earlier' : 'label', { n: index + 1 }),
      content: label.content,
      annotationId: label.annotationId,
      activeMs: label.activeMs,
      superseded: label.superseded,
    }),
  );
  const held: Judge[] = decision
    ? [{ id: 'decision', name: t('decision'), content: decision.content, annotationId: null, activeMs: null, superseded: false }]
    : [];
  return [...held, ...own, ...others];
}

interface DecidedProps {
  review: ReviewView;
  decision: NonNullable<ReviewView['decision']>;
  mayMakeGold: boolean;
}

function Decided({ review, decision, mayMakeGold }: DecidedProps) {
  const t = useTranslations('review');
  const format = useFormatter();
  const number = (annotationId: string) => 1 + (review.labels ?? []).findIndex((label) => label.annotationId === annotationId);
  const known = decision.gold || mayMakeGold;
  return (
    <>
      <section className={`card ${styles.decided}`}>
        <h2>{t('decided.why')}</h2>
        <p className="anywhere" dir="auto">
          {decision.reason}
        </p>
        <p className="sm ink2">{t('decided.when', { date: format.dateTime(decision.decidedAt, 'moment') })}</p>
        {decision.errors.length > 0 && (
          <ul className="plain sm">
            {decision.errors.map(({ annotationId, category, note }) => (
              <li key={`${annotationId} ${category}`} className="anywhere">
                {t('decided.error', { n: number(annotationId) })} <b>{t(`errors.${errorCategorySchema.parse(category)}`)}</b>
                {note && ` ${note}`}
              </li>
            ))}
          </ul>
        )}
      </section>
      {known && (
        <section className={`card ${styles.decided}`}>
          <h2>{t('gold.title')}</h2>
          {decision.gold ? (
            <p className="row">
              <Icon name="check" className="ok" /> {t('gold.is')}
            </p>
          ) : (
            <MakeGold taskId={review.task.taskId} explanation={decision.reason} />
          )}
        </section>
      )}
    </>
  );
}
