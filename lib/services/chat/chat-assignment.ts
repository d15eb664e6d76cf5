import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { chatTaskSpec } from '#lib/domain/chat';
import { AppError } from '#lib/errors';
import { loadOwnAssignment } from './own-assignment';

interface ChatAssignment {
  readonly userId: string;
  readonly modelIds: readonly string[];
  readonly maxTurns: number;
  readonly maxCharacters: number;
}

/**
 * The conversation task that this person works on.
 * @throws AppError NOT_FOUND where it is not his; CONFLICT where it was sent; PRECONDITION where it is no conversation
 */
export async function loadChatAssignment(db: Tx, actor: Actor, assignmentId: string): Promise<ChatAssignment> {
  const { userId, kind, spec: given, part } = await loadOwnAssignment(db, actor, assignmentId, 'This conversation was judged already.');
  if (kind !== 'CHAT' || part?.type !== 'chat') {
    throw new AppError('PRECONDITION', 'This task is no conversation.');
  }
  const spec = chatTaskSpec.parse(given);
  return {
    userId,
    modelIds: spec.modelIds,
    maxTurns: Math.min(part.maxTurns, spec.maxTurns ?? part.maxTurns),
    maxCharacters: part.maxCharacters,
  };
}
