'use client';

import { useFormatter, useTranslations } from 'use-intl/react';
import type { ThreadView } from '#lib/services/messages/read-thread';
import styles from './message.module.css';

/** Messages, oldest first, as plain text: nothing in them is a link, a picture or a format. */
export function MessageList({ view }: { view: ThreadView }) {
  const t = useTranslations('contact');
  const format = useFormatter();
  if (view.messages.length === 0) return <p className="sm ink2">{t('thread.empty')}</p>;
  return (
    <ol className={`plain ${styles.list}`}>
      {view.messages.map(({ id, mine, from, text, at }) => (
        <li key={id} className={mine ? styles.mine : styles.theirs}>
          <div className="xs dim">
            {mine ? (
              t('from.you')
            ) : from === 'ANNOTATOR' && view.annotatorName !== null ? (
              <bdi>{view.annotatorName}</bdi>
            ) : (
              t(`from.${from}`)
            )}
            , {format.dateTime(at, 'moment')}
          </div>
          <p className={styles.text} dir="auto">
            {text}
          </p>
        </li>
      ))}
    </ol>
  );
}
