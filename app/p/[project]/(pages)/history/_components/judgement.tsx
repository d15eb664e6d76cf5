import { displayPlaces } from '#lib/domain/comparison';
import { type FormSpec, findPart } from '#lib/domain/forms';
import type { OwnAnnotation } from '#lib/services/own-work/list-own-annotations';
import { AnswerText, PlainText } from '../../../../../_components/answer-text/answer-text';
import { Icon } from '../../../../../_components/ui/icon';
import { getT } from '../../../../../_i18n/server';
import styles from './history.module.css';

/** The answers as they were shown, each with what this person said of it, and what he said of the task. */
export async function Judgement({ annotation }: { annotation: OwnAnnotation }) {
  const t = await getT('mine');
  const { responses, content, kind } = annotation;
  const sides = kind === 'CHAT' ? ['A', 'B'] : [];
  const named = sides.length > 0 ? sides.map((id) => ({ id, text: '' })) : responses;
  return (
    <div className={styles.answers}>
      {named.map(({ id, text }, index) => (
        <section key={id} className={styles.answer}>
          <div className="row wrap">
            <Place annotation={annotation} id={id} />
            <h3>{t('judgement.answer', { name: String.fromCharCode(65 + index) })}</h3>
          </div>
          <Said annotation={annotation} subject={id} />
          {text !== '' && (
            <div className="read">
              <AnswerText text={text} />
            </div>
          )}
        </section>
      ))}
      {content.strength !== undefined && <p className="sm">{t('judgement.strength', { n: content.strength })}</p>}
      {content.bothBad && <p className="sm b">{t('judgement.bothBad')}</p>}
      <Said annotation={annotation} subject="task" />
      {content.text !== undefined && <Written text={content.text} />}
      {content.correction && <Written text={content.correction.text} />}
      {content.note !== undefined && (
        <p className="sm anywhere">
          {t.rich('judgement.note', { note: content.note, b: (text) => <b>{text}</b>, bdi: (text) => <bdi>{text}</bdi> })}
        </p>
      )}
    </div>
  );
}

async function Place({ annotation, id }: { annotation: OwnAnnotation; id: string }) {
  const t = await getT('mine');
  const { ranks, aside } = annotation.content;
  if (aside?.includes(id)) {
    return (
      <span className="rank aside s" role="img" aria-label={t('judgement.aside')}>
        <Icon name="ban" />
      </span>
    );
  }
  const place = ranks && displayPlaces(ranks)[id];
  if (!place) return null;
  return (
    <span className="rank s" role="img" aria-label={t(place.tied ? 'judgement.tied' : 'judgement.place', { place: place.place })}>
      {place.place}
      {place.tied && <small>=</small>}
    </span>
  );
}

/** Ratings, flags and marks of one answer or of the task. */
async function Said({ annotation: { content, form }, subject }: { annotation: OwnAnnotation; subject: string }) {
  const t = await getT('mine');
  const ratings = Object.entries(content.ratings?.[subject] ?? {});
  const flags = content.flags?.[subject] ?? [];
  const spans = content.spans?.[subject] ?? [];
  const category = (key: string) => findPart(form, 'span')?.categories.find((one) => one.key === key)?.label ?? key;
  if (ratings.length + flags.length + spans.length === 0) return null;
  return (
    <ul className={`plain sm ${styles.said}`}>
      {ratings.map(([key, value]) => (
        <li key={key}>
          {ratingLabel(form, key)}: <b>{value}</b>
        </li>
      ))}
      {flags.map((key) => (
        <li key={key}>
          <span className="chip">
            <Icon name="flag" />
            {findPart(form, 'flags')?.flags.find((one) => one.key === key)?.label ?? key}
          </span>
        </li>
      ))}
      {spans.map((span) => (
        <li key={`${span.start} ${span.end} ${span.category}`} className="anywhere" dir="auto">
          {t('judgement.span', { text: span.text, category: category(span.category) })}
        </li>
      ))}
    </ul>
  );
}

function ratingLabel(form: FormSpec, key: string): string {
  return findPart(form, 'rating')?.attributes.find((one) => one.key === key)?.label ?? key;
}

async function Written({ text }: { text: string }) {
  const t = await getT('mine');
  return (
    <section className={styles.answer}>
      <h3>{t('judgement.text')}</h3>
      <div className="read">
        <PlainText text={text} />
      </div>
    </section>
  );
}
