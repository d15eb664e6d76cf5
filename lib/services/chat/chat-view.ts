import type { Tx } from '#lib/db/create-db';
import { type ReplyFailure, replyFailures } from '#lib/domain/chat';

export type ReplyView = { readonly text: string } | { readonly failed: ReplyFailure };

export interface TurnView {
  readonly ordinal: number;
  readonly text: string;
  /** Null until both sides are done: who is sooner would tell something of the models. */
  readonly replies: { readonly a: ReplyView; readonly b: ReplyView } | null;
}

/** All that a person learns of a conversation before judging it: no model, no token, no time. */
export interface ChatView {
  /** Null before the first turn. */
  readonly sessionId: string | null;
  readonly turns: readonly TurnView[];
  readonly maxTurns: number;
}

interface ReplyRow {
  readonly side: number;
  readonly state: 'PENDING' | 'DONE' | 'FAILED';
  readonly text: string;
  readonly reason: string | null;
}

export async function loadChatView(db: Tx, assignmentId: string, maxTurns: number): Promise<ChatView> {
  const session = await db.chatSession.findFirst({
    where: { assignmentId, annotationId: null },
    select: {
      id: true,
      turns: {
        orderBy: { ordinal: 'asc' },
        select: { ordinal: true, text: true, replies: { select: { side: true, state: true, text: true, reason: true } } },
      },
    },
  });
  return {
    sessionId: session?.id ?? null,
    turns: (session?.turns ?? []).map(({ ordinal, text, replies }) => ({ ordinal, text, replies: bothReplies(replies) })),
    maxTurns,
  };
}

function bothReplies(rows: readonly ReplyRow[]): TurnView['replies'] {
  const [a, b] = [0, 1].map((side) => rows.find((row) => row.side === side));
  if (a === undefined || b === undefined || a.state === 'PENDING' || b.state === 'PENDING') return null;
  return { a: replyView(a), b: replyView(b) };
}

export function replyView({ state, text, reason }: ReplyRow): ReplyView {
  return state === 'DONE' ? { text } : { failed: replyFailures.find((known) => known === reason) ?? 'BROKEN' };
}
