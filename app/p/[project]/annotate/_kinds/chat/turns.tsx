'use client';

import { useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl/react';
import type { ReplyView, TurnView } from '#lib/services/chat/chat-view';
import { AnswerText, PlainText } from '../../../../../_components/answer-text/answer-text';
import { Icon } from '../../../../../_components/ui/icon';
import { ScrollGroup } from '../../_components/scroll-group';
import styles from '../writing.module.css';
import type { Conversation } from './use-chat';

interface Props {
  conversation: Conversation;
  /** The two names, once they may be known. */
  names: { readonly A: string; readonly B: string } | null;
}

/** What was said, and both replies to it side by side. New turns come in at the end. */
export function Turns({ conversation, names }: Props) {
  const t = useTranslations('writing.chat');
  const { chat, trouble, late, again } = conversation;
  const box = useRef<HTMLDivElement>(null);
  const turns = chat?.turns ?? [];
  const settled = turns.at(-1)?.replies !== null;
  const seen = `${turns.length} ${settled}`;
  useEffect(() => {
    const last = seen === '' ? null : box.current?.lastElementChild;
    last?.scrollIntoView({ block: 'nearest' });
  }, [seen]);
  return (
    <ScrollGroup ref={box} className={styles.turns} aria-label={t('brief')}>
      {chat !== null && turns.length === 0 && <p className="ink2">{t('empty')}</p>}
      {turns.map((turn) => (
        <Turn key={turn.ordinal} turn={turn} names={names} late={late && turn.replies === null} again={again} />
      ))}
      {trouble !== null && (
        <p className="note bad" role="alert">
          {trouble || t('offline')}
        </p>
      )}
    </ScrollGroup>
  );
}

interface TurnProps {
  turn: TurnView;
  names: Props['names'];
  late: boolean;
  again: () => void;
}

function Turn({ turn, names, late, again }: TurnProps) {
  const t = useTranslations('writing.chat');
  const { replies } = turn;
  const failed = replies !== null && ('failed' in replies.a || 'failed' in replies.b);
  return (
    <article className={styles.turn} aria-label={t('turn', { number: turn.ordinal })}>
      <div className={styles.said}>
        <span className="hidden-text">{t('you')}: </span>
        <PlainText text={turn.text} />
      </div>
      {replies === null ? (
        <div className={styles.waits} aria-live="polite">
          <Icon name="clock" />
          <span>{t(late ? 'late' : 'writing')}</span>
          {late && <Again press={again} />}
        </div>
      ) : (
        <div className={styles.replies}>
          <Reply
            title={names?.A ? t('was', { side: 'A', name: names.A }) : t('side', { side: 'A' })}
            turn={turn.ordinal}
            reply={replies.a}
          />
          <Reply
            title={names?.B ? t('was', { side: 'B', name: names.B }) : t('side', { side: 'B' })}
            turn={turn.ordinal}
            reply={replies.b}
          />
        </div>
      )}
      {failed && names === null && (
        <div className="row">
          <Again press={again} />
        </div>
      )}
    </article>
  );
}

function Again({ press }: { press: () => void }) {
  const t = useTranslations('writing.chat');
  return (
    <button type="button" className="btn" onClick={press}>
      {t('again')}
    </button>
  );
}

function Reply({ title, turn, reply }: { title: string; turn: number; reply: ReplyView }) {
  const t = useTranslations('writing.chat');
  return (
    <section className={styles.reply} aria-label={`${title}, ${t('turn', { number: turn })}`}>
      <h2>{title}</h2>
      {'text' in reply ? (
        reply.text === '' ? (
          <p className="ink2">{t('nothing')}</p>
        ) : (
          <AnswerText text={reply.text} />
        )
      ) : (
        <p className="note bad">
          <Icon name="warn" />
          {t(`failed.${reply.failed}`)}
        </p>
      )}
    </section>
  );
}
