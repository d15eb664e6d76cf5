import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { demonstrationTaskSpec, suggestionCount } from '#lib/domain/chat';
import { AppError } from '#lib/errors';
import { type ReplyView, replyView } from './chat-view';
import { loadOwnAssignment } from './own-assignment';

export const suggestionsInput = z.strictObject({ assignmentId: z.uuid() });

export interface SuggestionsView {
  /** Null while the model writes it. */
  readonly suggestions: readonly (ReplyView | null)[];
  /** How many more may be asked for. */
  readonly left: number;
}

export interface DemonstrationAssignment {
  readonly userId: string;
  readonly texts: readonly string[];
  readonly modelIds: readonly string[];
  readonly count: number;
}

/** @throws AppError NOT_FOUND where it is not this person's; CONFLICT where it was sent; PRECONDITION where it has no suggestions */
export async function loadDemonstration(db: Tx, actor: Actor, assignmentId: string): Promise<DemonstrationAssignment> {
  const { userId, spec: given, part } = await loadOwnAssignment(db, actor, assignmentId, 'This answer was sent already.');
  const spec = demonstrationTaskSpec.safeParse(given);
  const wanted = part?.type === 'demonstration' && part.suggestions && spec.success;
  if (!wanted || suggestionCount(spec.data) === 0) throw new AppError('PRECONDITION', 'There are no suggestions for this task.');
  return { userId, texts: spec.data.suggestions, modelIds: spec.data.modelIds, count: suggestionCount(spec.data) };
}

/** Those that were asked for so far, in their order. The record keeps which they were. */
export async function loadSuggestions(db: Tx, assignmentId: string, count: number): Promise<SuggestionsView> {
  const turns = await db.chatTurn.findMany({
    where: { session: { assignmentId, annotationId: null } },
    orderBy: { ordinal: 'asc' },
    select: { replies: { select: { side: true, state: true, text: true, reason: true } } },
  });
  const suggestions = turns.map(({ replies: [reply] }) => (reply && reply.state !== 'PENDING' ? replyView(reply) : null));
  return { suggestions, left: Math.max(0, count - suggestions.length) };
}
