'use client';

import { createContext, useCallback, useContext, useEffect, useState } from 'react';
import type { ChatView } from '#lib/services/chat/chat-view';
import { useTRPCClient } from '../../../../../_trpc/client';
import { readError } from '../../../../../_trpc/read-error';
import { useAnnotate, useTask } from '../../_components/annotate-context';
import type { ChatAction, Heard } from './answer';

const lookEvery = 700;
const afterTrouble = 4_000;
const lateAfter = 20_000;

export interface Conversation {
  readonly chat: ChatView | null;
  /** Why the last request failed; empty text: the server cannot be reached. */
  readonly trouble: string | null;
  /** Both replies are on their way longer than usual. */
  readonly late: boolean;
  /** False where it was not taken: the text is still the person's. */
  send(text: string): Promise<boolean>;
  again(): void;
}

/** Where a conversation goes on. */
export interface ChatApi {
  view(assignmentId: string): Promise<ChatView>;
  send(turn: { readonly assignmentId: string; readonly ordinal: number; readonly text: string }): Promise<ChatView>;
  retry(assignmentId: string): Promise<ChatView>;
}

/** Null: at the server. The preview of a form talks to nobody. */
const ChatApiContext = createContext<ChatApi | null>(null);
export const ChatApiProvider = ChatApiContext.Provider;

/** The conversation as the server has it: asked again while replies are being written, and told to the task's own state. */
export function useChat(): Conversation {
  const { chat: server } = useTRPCClient();
  const example = useContext(ChatApiContext);
  const { store } = useAnnotate();
  const { view } = useTask();
  const { assignmentId } = view;
  const [chat, setChat] = useState<ChatView | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [asked, setAsked] = useState(0);
  const take = useCallback(async (work: Promise<ChatView>): Promise<boolean> => {
    try {
      setChat(await work);
      setTrouble(null);
      return true;
    } catch (error) {
      setTrouble(readError(error).message);
      return false;
    } finally {
      setAsked((times) => times + 1);
    }
  }, []);
  const waits = chat === null || trouble !== null || chat.turns.at(-1)?.replies === null;
  useEffect(() => {
    if (!waits) return;
    const pause = asked === 0 ? 0 : trouble !== null ? afterTrouble : lookEvery;
    const timer = setTimeout(() => void take(example?.view(assignmentId) ?? server.view.query({ assignmentId })), pause);
    return () => clearTimeout(timer);
  }, [example, server, assignmentId, waits, trouble, asked, take]);
  useEffect(() => {
    if (chat !== null) store.learn('chat', { type: 'hear', heard: heardOf(chat) } satisfies ChatAction);
  });
  const answered = chat?.turns.at(-1)?.replies ? chat.turns.length : 0;
  useEffect(() => {
    if (answered > 0) store.say({ key: 'writing.chat.said', values: { number: answered } });
  }, [store, answered]);
  const late = useLate(chat?.turns.at(-1)?.replies === null ? chat.turns.length : null);
  return {
    chat,
    trouble,
    late,
    send: (text) => {
      const turn = { assignmentId, ordinal: (chat?.turns.length ?? 0) + 1, text };
      return take(example?.send(turn) ?? server.send.mutate(turn));
    },
    again: () => void take(example?.retry(assignmentId) ?? server.retry.mutate({ assignmentId })),
  };
}

function heardOf({ sessionId, turns }: ChatView): Heard {
  return {
    sessionId,
    turns: turns.length,
    replying: turns.at(-1)?.replies === null,
    comparable: turns.some(({ replies }) => replies !== null && 'text' in replies.a && 'text' in replies.b),
  };
}

function useLate(turn: number | null): boolean {
  const [late, setLate] = useState<number | null>(null);
  useEffect(() => {
    if (turn === null) return;
    const timer = setTimeout(() => setLate(turn), lateAfter);
    return () => clearTimeout(timer);
  }, [turn]);
  return turn !== null && late === turn;
}
