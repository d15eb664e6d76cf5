import type { PartOf } from '#lib/domain/form-parts';
import type { PartModel } from '../../_state/part-model';
import { type Choice, choiceContent, choiceLine, choiceOfPress, readChoice, scaleChoices } from '../../_state/strength';
import { keptText } from '../demonstration/answer';

/** What the page knows of the conversation, which lies on the server. */
export interface Heard {
  /** Null before the first turn: a conversation that was taken back begins anew. */
  readonly sessionId: string | null;
  readonly turns: number;
  readonly replying: boolean;
  /** Whether some turn has both replies. */
  readonly comparable: boolean;
}

export interface ChatState {
  readonly heard: Heard;
  /** The next message, not sent yet. */
  readonly text: string;
  readonly choice: Choice | null;
}

export type ChatAction =
  | { readonly type: 'hear'; readonly heard: Heard }
  | { readonly type: 'write'; readonly text: string }
  | { readonly type: 'choose'; readonly choice: Choice };

type Part = PartOf<'chat'>;
const silent: Heard = { sessionId: null, turns: 0, replying: false, comparable: false };

export const chatModel: PartModel<Part, ChatState, ChatAction> = {
  open({ part }, kept) {
    const { choice, sessionId } =
      typeof kept === 'object' && kept !== null ? (kept as Partial<Record<'choice' | 'sessionId', unknown>>) : {};
    const session = typeof sessionId === 'string' ? sessionId : null;
    return {
      heard: { ...silent, sessionId: session },
      text: keptText(kept) ?? '',
      choice: session === null ? null : readChoice(part, choice),
    };
  },

  // The models of a conversation that was judged are known: it is never judged again.
  restore: () => ({ heard: silent, text: '', choice: null }),

  reduce(scope, action, { part }) {
    const { state } = scope;
    switch (action.type) {
      case 'hear':
        return same(state.heard, action.heard) ? scope : { ...scope, state: hear(state, action.heard) };
      case 'write':
        return action.text === state.text ? scope : { ...scope, state: { ...state, text: action.text } };
      case 'choose':
        if (!mayChoose(state.heard) || readChoice(part, action.choice) === null || state.choice === action.choice) return scope;
        return { ...scope, state: { ...state, choice: action.choice } };
    }
  },

  draft: ({ heard, text, choice }) => ({ sessionId: heard.sessionId, text, choice }),

  missing({ heard, choice }, { part }) {
    if (heard.replying) return { title: { key: 'writing.why.replying' } };
    if (heard.turns === 0) return { title: { key: 'writing.why.talk' }, todo: { key: 'writing.why.talkDo' } };
    if (!heard.comparable) return { title: { key: 'writing.why.noPair' }, todo: { key: 'writing.why.noPairDo' } };
    if (choice !== null) return null;
    return {
      title: { key: 'writing.why.choose' },
      todo: { key: 'writing.why.chooseDo', values: { count: part.strength ? 7 : scaleChoices(part).length } },
    };
  },

  content: ({ choice }, { part }) => (choice === null ? {} : choiceContent(part, choice, 'A', 'B')),

  key(press, { state }, { part }) {
    const choice = mayChoose(state.heard) ? choiceOfPress(part, press) : null;
    return choice === null ? null : { type: 'choose', choice };
  },

  said(action, before, after, { part }) {
    if (action.type !== 'choose' || before === after || after.choice === null) return null;
    return choiceLine(part, after.choice);
  },

  summary({ choice }, { part }) {
    return choice === null ? null : choiceLine(part, choice);
  },
};

/** What was chosen of one conversation says nothing of another; a new turn asks the question anew. */
function hear(state: ChatState, heard: Heard): ChatState {
  const other = heard.sessionId !== state.heard.sessionId;
  const grew = state.heard.turns > 0 && heard.turns > state.heard.turns;
  return { ...state, heard, choice: other || grew ? null : state.choice };
}

export function mayChoose({ replying, comparable }: Heard): boolean {
  return comparable && !replying;
}

function same(a: Heard, b: Heard): boolean {
  return a.sessionId === b.sessionId && a.turns === b.turns && a.replying === b.replying && a.comparable === b.comparable;
}
