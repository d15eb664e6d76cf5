import Link from 'next/link';
import type { OwnAnnotation } from '#lib/services/own-work/list-own-annotations';
import { AnswerText, PlainText } from '../../../../../_components/answer-text/answer-text';
import { Icon } from '../../../../../_components/ui/icon';
import { getFormat, getT } from '../../../../../_i18n/server';
import styles from './history.module.css';
import { Judgement } from './judgement';
import { TakeBack } from './take-back';

/** One thing sent: when, what became of it, the task and the own answer, and what can still be done. */
export async function HistoryRow({ annotation, slug }: { annotation: OwnAnnotation; slug: string }) {
  const [t, format] = [await getT('mine'), await getFormat()];
  const { id, kind, at, prompt, may, guidelineVersion, corrects } = annotation;
  const when = (date: Date) => format.dateTime(date, 'moment');
  return (
    <li className="card" id={id}>
      <div className={styles.head}>
        <h2>{t(`kindName.${kind}`)}</h2>
        <span className="sm dim">{t('history.time', { date: when(at) })}</span>
        <StateOf annotation={annotation} when={when} />
        <span className="sm dim">{t('history.guideline', { version: guidelineVersion })}</span>
      </div>
      {corrects && (
        <p className="sm ink2">
          <a href={`#${corrects.id}`}>{t('history.corrects', { date: when(corrects.at) })}</a>
        </p>
      )}
      <p className={styles.asks}>
        <bdi>{prompt.messages.at(-1)?.content}</bdi>
      </p>
      <details>
        <summary className="sm">{t('history.open')}</summary>
        <div className={styles.opened}>
          <section aria-label={t('history.prompt')} className={styles.prompt}>
            {prompt.messages.map((message, index) =>
              message.role === 'assistant' ? (
                <AnswerText key={index} text={message.content} />
              ) : (
                <PlainText key={index} text={message.content} />
              ),
            )}
          </section>
          <Judgement annotation={annotation} />
        </div>
      </details>
      <div className="row wrap">
        {may.correct && (
          <Link className="btn" href={`/p/${slug}/annotate?correct=${id}`}>
            {t('history.correct')}
          </Link>
        )}
        {may.takeBack && <TakeBack annotationId={id} slug={slug} />}
        <Link className="btn quiet" href={`/p/${slug}/messages?task=${annotation.taskId}`}>
          {t('history.message')}
        </Link>
      </div>
    </li>
  );
}

async function StateOf({ annotation, when }: { annotation: OwnAnnotation; when: (date: Date) => string }) {
  const t = await getT('mine');
  const { later, surplus } = annotation;
  if (later) {
    return (
      <span className="chip">
        <Icon name="undo" />
        {t(later.how === 'CORRECTED' ? 'history.corrected' : 'history.takenBack', { date: when(later.at) })}
      </span>
    );
  }
  return (
    <span className={surplus ? 'chip' : 'chip ok'}>
      <Icon name={surplus ? 'info' : 'check'} />
      {t(surplus ? 'history.isSurplus' : 'history.counts')}
    </span>
  );
}
