'use client';

import { useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl/react';
import type { Message } from '#lib/domain/prompts';
import { AnswerText, PlainText } from '../../../../_components/answer-text/answer-text';
import { Icon } from '../../../../_components/ui/icon';
import styles from '../annotate.module.css';
import { useAnnotate, useScreen, useTask } from './annotate-context';
import { keepFocus } from './keep-focus';
import { KeyCap } from './key-cap';
import { ScrollGroup } from './scroll-group';

/** What the answers answer. Always in sight: folded, its last line is. A conversation stands at its end. */
export function Prompt({ touch }: { touch?: boolean }) {
  const t = useTranslations('annotate.prompt');
  const { store, preferences } = useAnnotate();
  const { view } = useTask();
  const folded = useScreen((state) => state.promptFolded);
  const box = useRef<HTMLDivElement>(null);
  const { messages } = view.prompt;
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [view.assignmentId, folded]);
  const who = (message: Message, index: number) => {
    if (message.role === 'user' && view.kind === 'CHAT') return t('brief');
    if (message.role === 'user') return t(index === messages.length - 1 ? 'user' : 'person');
    return t(message.role);
  };
  const fold = (
    <button
      type="button"
      className={`btn quiet ${touch ? 'icon' : ''} ${styles.fold}`}
      aria-pressed={folded}
      aria-label={touch ? t('fold') : undefined}
      onMouseDown={keepFocus}
      onClick={() => store.toggle('promptFolded')}
    >
      {touch ? <Icon name={folded ? 'down' : 'up'} /> : t('fold')}
      {!touch && preferences.singleKeys && <KeyCap>P</KeyCap>}
    </button>
  );
  const shown = folded ? messages.slice(-1) : messages;
  return (
    <section className={`${styles.prompt} ${folded ? styles.folded : ''}`} aria-label={t('label')}>
      <ScrollGroup ref={box} className={styles.messages} aria-label={t('label')}>
        {shown.map((message, index) => (
          <div key={index} className={styles.message}>
            <span className={styles.who}>{who(message, folded ? messages.length - 1 : index)}</span>
            <div className={styles.promptText}>
              {message.role === 'assistant' ? <AnswerText text={message.content} /> : <PlainText text={message.content} />}
            </div>
          </div>
        ))}
      </ScrollGroup>
      {fold}
    </section>
  );
}
