'use client';

import { useFormatter, useTranslations } from 'use-intl/react';
import type { AnnotationContent } from '#lib/domain/annotation-content';
import { displayPlaces } from '#lib/domain/comparison';
import { type FormSpec, findPart } from '#lib/domain/forms';
import { PlainText } from '../../../../../_components/answer-text/answer-text';
import { Icon } from '../../../../../_components/ui/icon';
import styles from './decide.module.css';

export interface Judge {
  readonly id: string;
  readonly name: string;
  readonly content: AnnotationContent;
  /** Of a label under review; null of the reviewer's own judgement and of the decision. */
  readonly annotationId: string | null;
  readonly activeMs: number | null;
  readonly superseded: boolean;
}

interface Props {
  judges: readonly Judge[];
  subject: string;
  form: FormSpec;
}

/** What each judge said of one answer, one under the other, so that they compare at a glance. */
export function AnswerVerdicts({ judges, subject, form }: Props) {
  return (
    <dl className={styles.verdicts}>
      {judges.map(({ id, name, content }) => (
        <div key={id}>
          <dt>{name}</dt>
          <dd>
            <Place content={content} id={subject} />
            <Said content={content} subject={subject} form={form} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What they said of the task as a whole: strength, both bad, what they wrote, and how long they took. */
export function TaskVerdicts({ judges, form }: Omit<Props, 'subject'>) {
  const t = useTranslations('review');
  const format = useFormatter();
  return (
    <section className="card">
      <h2>{t('whole')}</h2>
      <dl className={styles.verdicts}>
        {judges.filter(saysOfTask).map(({ id, name, content, activeMs }) => (
          <div key={id}>
            <dt>{name}</dt>
            <dd>
              {content.strength !== undefined && <span className="chip">{t('said.strength', { n: content.strength })}</span>}
              {content.bothBad && <span className="chip">{t('said.bothBad')}</span>}
              <Said content={content} subject="task" form={form} />
              {content.text !== undefined && <PlainText text={content.text} />}
              {content.correction && <Changes changes={content.correction.changes} />}
              {content.note !== undefined && <PlainText text={content.note} />}
              {activeMs !== null && <span className="dim">{t('said.time', { seconds: format.number(Math.round(activeMs / 1000)) })}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function saysOfTask({ content, activeMs }: Judge): boolean {
  const { strength, bothBad, text, correction, note, ratings, flags } = content;
  const besides = [strength, bothBad, text, correction, note, ratings?.task, flags?.task];
  return activeMs !== null || besides.some((one) => one !== undefined);
}

function Place({ content, id }: { content: AnnotationContent; id: string }) {
  const t = useTranslations('review.said');
  if (content.aside?.includes(id)) {
    return (
      <span className="rank aside s" role="img" aria-label={t('aside')}>
        <Icon name="ban" />
      </span>
    );
  }
  const place = content.ranks && displayPlaces(content.ranks)[id];
  if (!place) return null;
  return (
    <span className="rank s" role="img" aria-label={t(place.tied ? 'tied' : 'place', { place: place.place })}>
      {place.place}
      {place.tied && <small>=</small>}
    </span>
  );
}

function Said({ content, subject, form }: { content: AnnotationContent; subject: string; form: FormSpec }) {
  const t = useTranslations('review.said');
  const attribute = (key: string) => findPart(form, 'rating')?.attributes.find((one) => one.key === key)?.label ?? key;
  const flag = (key: string) => findPart(form, 'flags')?.flags.find((one) => one.key === key)?.label ?? key;
  const category = (key: string) => findPart(form, 'span')?.categories.find((one) => one.key === key)?.label ?? key;
  const flags = content.flags?.[subject];
  return (
    <>
      {Object.entries(content.ratings?.[subject] ?? {}).map(([key, value]) => (
        <span key={key} className="chip">
          {attribute(key)}: <b>{value}</b>
        </span>
      ))}
      {flags?.length === 0 && <span className="dim">{t('noFlag')}</span>}
      {flags?.map((key) => (
        <span key={key} className="chip">
          <Icon name="flag" />
          {flag(key)}
        </span>
      ))}
      {content.spans?.[subject]?.map((span) => (
        <span key={`${span.start} ${span.end} ${span.category}`} className="anywhere" dir="auto">
          {t('span', { text: span.text, category: category(span.category) })}
        </span>
      ))}
    </>
  );
}

function Changes({ changes }: { changes: readonly (readonly [number, string])[] }) {
  return (
    <p className={styles.changes} dir="auto">
      {changes.map(([op, text], index) =>
        op === 0 ? <span key={index}>{text}</span> : op === 1 ? <ins key={index}>{text}</ins> : <del key={index}>{text}</del>,
      )}
    </p>
  );
}
