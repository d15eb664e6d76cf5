'use client';

import { useEffect, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { SuggestionsView } from '#lib/services/chat/suggestions';
import { Icon } from '../../../../../_components/ui/icon';
import { useTRPCClient } from '../../../../../_trpc/client';
import { readError } from '../../../../../_trpc/read-error';
import styles from '../writing.module.css';

interface Props {
  assignmentId: string;
  insert: (text: string) => void;
  close: () => void;
}

const lookEvery = 700;

/** What a model would write. It is asked because the person asked; nothing of it is in the answer before he inserts it. */
export function Suggestions({ assignmentId, insert, close }: Props) {
  const t = useTranslations('writing.suggest');
  const { view, trouble, ask } = useSuggestions(assignmentId);
  const list = view?.suggestions ?? [];
  const writing = list.at(-1) === null;
  return (
    <aside className={styles.page} aria-label={t('panel')}>
      <header>
        <h2>{t('panel')}</h2>
        <span className="grow" />
        <button type="button" className="btn quiet icon" aria-label={t('close')} onClick={close}>
          <Icon name="x" />
        </button>
      </header>
      <div className={styles.side}>
        <p className="sm ink2">{t('note')}</p>
        {list.map((suggestion, index) => (
          <article key={index} className={styles.suggestion}>
            <header>
              <h3 className="sm">{t('title', { number: index + 1 })}</h3>
              <span className="grow" />
              {suggestion !== null && 'text' in suggestion && suggestion.text !== '' && (
                <button type="button" className="btn" onClick={() => insert(suggestion.text)}>
                  {t('use')}
                </button>
              )}
            </header>
            <div className={styles.plain} dir="auto" aria-live="polite">
              {suggestion === null ? (
                <span className="ink2">{t('writing')}</span>
              ) : 'text' in suggestion ? (
                suggestion.text || <span className="ink2">{t('empty')}</span>
              ) : (
                t('failed')
              )}
            </div>
          </article>
        ))}
        {trouble !== null && <p className="note bad">{trouble || t('failed')}</p>}
        {view !== null && (
          <div className="row">
            <button
              type="button"
              className="btn"
              aria-disabled={writing || view.left === 0}
              onClick={() => !writing && view.left > 0 && ask()}
            >
              {t(list.length === 0 || trouble !== null ? 'again' : 'another')}
            </button>
            <span className="sm ink2">{t('left', { count: view.left })}</span>
          </div>
        )}
      </div>
    </aside>
  );
}

/** Those that were asked for before; the first one is asked for with the panel. Looks again while one is being written. */
function useSuggestions(assignmentId: string) {
  const client = useTRPCClient();
  const [view, setView] = useState<SuggestionsView | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const take = (work: Promise<SuggestionsView>) =>
    work.then(
      (next) => {
        setView(next);
        setTrouble(null);
      },
      (error: unknown) => {
        setTrouble(readError(error).message);
        setView((before) => before ?? { suggestions: [], left: 1 });
      },
    );
  const ask = () => void take(client.chat.suggest.mutate({ assignmentId }));
  useEffect(() => {
    const first = async () => {
      const before = await client.chat.suggestions.query({ assignmentId });
      return before.suggestions.length > 0 ? before : client.chat.suggest.mutate({ assignmentId });
    };
    void take(first());
  }, [client, assignmentId]);
  const writing = view?.suggestions.at(-1) === null;
  useEffect(() => {
    if (!writing) return;
    const timer = setInterval(() => void take(client.chat.suggestions.query({ assignmentId })), lookEvery);
    return () => clearInterval(timer);
  }, [client, assignmentId, writing]);
  return { view, trouble, ask };
}
