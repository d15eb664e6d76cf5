import type { FormSpec } from '#lib/domain/forms';
import type { ChatView, TurnView } from '#lib/services/chat/chat-view';
import type { ChatApi } from '../../../../annotate/_kinds/chat/use-chat';

/** A conversation that has begun and goes on with the same replies; it leaves this page nowhere. */
export function exampleChat(spec: FormSpec, question: string, texts: readonly string[]): ChatApi {
  const [first = '', second = '', third = ''] = texts;
  const maxTurns = spec.parts.find((part) => part.type === 'chat')?.maxTurns ?? 1;
  const turn = (ordinal: number, text: string): TurnView => {
    const [a, b] = ordinal % 2 === 1 ? [third, second] : [first, third];
    return { ordinal, text, replies: { a: { text: a }, b: { text: b } } };
  };
  let turns: readonly TurnView[] = [turn(1, question)];
  const view = async (): Promise<ChatView> => ({ sessionId: 'example', turns, maxTurns });
  return {
    view,
    send: ({ ordinal, text }) => {
      if (ordinal === turns.length + 1 && ordinal <= maxTurns) turns = [...turns, turn(ordinal, text)];
      return view();
    },
    retry: view,
  };
}
