'use client';

import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { useAnnotate, usePart, useScreen, useTask } from '../../_components/annotate-context';
import { ChoiceScale } from '../../_components/choice-scale';
import { KindFoot, KindThumb } from '../../_components/foot';
import { KeyCap } from '../../_components/key-cap';
import { Prompt } from '../../_components/prompt';
import { Sheet } from '../../_components/sheets';
import { Count } from '../editor';
import styles from '../writing.module.css';
import { type ChatAction, type ChatState, mayChoose } from './answer';
import { Turns } from './turns';
import { type Conversation, useChat } from './use-chat';

/** A conversation with two models at once, then which one was better. Who they are is told with the next task. */
export default function ChatView({ phone }: { phone: boolean }) {
  const { view } = useTask();
  return <OneChat key={view.assignmentId} phone={phone} />;
}

function OneChat({ phone }: { phone: boolean }) {
  const { part, state, act } = usePart<ChatState, ChatAction, 'chat'>('chat');
  const { view } = useTask();
  const conversation = useChat();
  const told = useScreen((screen) => (screen.phase === 'told' ? screen.told : null));
  const names = told?.view.assignmentId === view.assignmentId ? namesOf(told.reveal) : null;
  const may = mayChoose(state.heard) && names === null;
  const scale = (
    // In its place from the start, so that nothing moves when there is something to choose.
    <div inert={!may} className={may ? undefined : styles.notYet}>
      <ChoiceScale form={part} choice={state.choice} choose={(choice) => act({ type: 'choose', choice })} touch={phone} />
    </div>
  );
  return (
    <>
      <Prompt touch={phone} />
      <div className={styles.talk}>
        <Turns conversation={conversation} names={names} />
        {names === null ? <Compose conversation={conversation} phone={phone} /> : <Revealed names={names} />}
        <Sheet answer={0} />
      </div>
      {phone ? <KindThumb>{scale}</KindThumb> : <KindFoot above={scale} lead={<span className={styles.lead} />} />}
    </>
  );
}

function Compose({ conversation, phone }: { conversation: Conversation; phone: boolean }) {
  const t = useTranslations('writing.chat');
  const { store } = useAnnotate();
  const { view } = useTask();
  useEffect(() => store.fieldCame(view.assignmentId), [store, view.assignmentId]);
  const { part, state, act } = usePart<ChatState, ChatAction, 'chat'>('chat');
  const sent = useScreen((screen) => screen.phase !== 'open');
  const field = useRef<HTMLTextAreaElement>(null);
  const [sending, setSending] = useState(false);
  const [wanted, setWanted] = useState(false);
  const { chat } = conversation;
  const turns = chat?.turns.length ?? 0;
  const left = (chat?.maxTurns ?? part.maxTurns) - turns;
  const closed = chat === null || sending || sent || left <= 0 || state.heard.replying;
  const brief = view.prompt.messages.findLast(({ role }) => role === 'user')?.content ?? '';
  useEffect(() => {
    if (!phone && turns === 0) field.current?.focus({ preventScroll: true });
  }, [phone, turns]);
  async function send() {
    const { text } = state;
    // Pressed before the conversation came: it goes as soon as that is there.
    setWanted(chat === null);
    if (closed || text.trim() === '' || [...text].length > part.maxCharacters) return;
    setSending(true);
    const taken = await conversation.send(text);
    setSending(false);
    if (taken) act({ type: 'write', text: '' });
  }
  const ready = wanted && chat !== null;
  const sendNow = useRef(send);
  sendNow.current = send;
  useEffect(() => {
    if (ready) void sendNow.current();
  }, [ready]);
  function press(event: KeyboardEvent) {
    // Out of the field, so that digits choose.
    if (event.key === 'Escape') field.current?.blur();
    if (event.key !== 'Enter' || event.shiftKey || event.ctrlKey || event.metaKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  }
  if (left <= 0) return <p className="sm ink2">{t('turnsLeft', { count: 0 })}</p>;
  return (
    <div className={styles.compose}>
      <textarea
        ref={field}
        rows={1}
        dir="auto"
        aria-label={t('message')}
        placeholder={t('placeholder')}
        value={state.text}
        onChange={(event) => act({ type: 'write', text: event.target.value }, 'message')}
        onKeyDown={press}
      />
      <button
        type="button"
        className="btn lg"
        aria-disabled={(closed && chat !== null) || state.text.trim() === ''}
        onClick={() => void send()}
      >
        {t('send')}
        <KeyCap>Enter</KeyCap>
      </button>
      <div className={styles.composeFoot}>
        <span>{t('turnsLeft', { count: left })}</span>
        {state.text !== '' && <Count text={state.text} max={part.maxCharacters} />}
        {turns === 0 && state.text === '' && brief !== '' && (
          <button type="button" className="btn quiet" onClick={() => act({ type: 'write', text: brief }, 'brief')}>
            {t('useBrief')}
          </button>
        )}
      </div>
    </div>
  );
}

/** The two names, after the vote. */
function Revealed({ names }: { names: { readonly A: string; readonly B: string } }) {
  const t = useTranslations('writing');
  const { store } = useAnnotate();
  const box = useRef<HTMLButtonElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <section className={styles.reveal} aria-label={t('chat.reveal')} aria-live="polite">
      <span className="ink2">{t('chat.reveal')}</span>
      <b>{t('chat.was', { side: 'A', name: names.A })}</b>
      <b>{t('chat.was', { side: 'B', name: names.B })}</b>
      <span className="grow" />
      <button ref={box} type="button" className="btn primary" onClick={() => store.goOn()}>
        {t('chat.goOn')}
        <KeyCap>Enter</KeyCap>
      </button>
    </section>
  );
}

function namesOf(reveal: unknown): { readonly A: string; readonly B: string } | null {
  if (typeof reveal !== 'object' || reveal === null) return null;
  const { A, B } = reveal as Record<string, unknown>;
  return typeof A === 'string' && typeof B === 'string' ? { A, B } : null;
}
