import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { storableText } from '#lib/domain/prompts';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { loadChatAssignment } from './chat-assignment';
import { type ChatView, loadChatView } from './chat-view';
import { addTurn, openSession, turnsInLastMinute } from './open-session';

export const sendTurnInput = z.strictObject({
  assignmentId: z.uuid(),
  /** Which turn this is, from 1 on: the same turn sent twice counts once. */
  ordinal: z.int().min(1),
  text: storableText.refine((text) => text.trim() !== '', 'is empty'),
});

const turnsAMinute = 12;

/**
 * What the person says next, to both models. The first turn draws the two models and their sides.
 * @throws AppError CONFLICT where replies are still being written, or another page said something else; BAD_INPUT for too long a text;
 * PRECONDITION after the last turn; RATE_LIMITED
 */
export async function sendTurn(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof sendTurnInput>,
): Promise<ChatView> {
  const { assignmentId, ordinal, text } = sendTurnInput.parse(input);
  const { userId, modelIds, maxTurns, maxCharacters } = await loadChatAssignment(deps.db, actor, assignmentId);
  const length = [...text].length;
  if (length > maxCharacters) {
    throw new AppError('BAD_INPUT', `The text has ${length} characters; ${maxCharacters} are the most.`, { details: { length } });
  }
  await deps.db.$transaction(async (tx) => {
    const now = deps.clock.now();
    const session = await openSession(tx, assignmentId, modelIds, now);
    if (await wasSent(tx, session.id, ordinal, text)) return;
    if (ordinal > maxTurns) throw new AppError('PRECONDITION', `This conversation has at most ${maxTurns} turns. Judge it now.`);
    await requireAnswered(tx, session.id, ordinal);
    if ((await turnsInLastMinute(tx, userId, now)) >= turnsAMinute) {
      throw new AppError('RATE_LIMITED', 'The models answer at most twelve times a minute.', {
        remedy: 'Wait a little, then send it again.',
      });
    }
    await addTurn(tx, session, { ordinal, text }, now);
  });
  await deps.queues.wake();
  return loadChatView(deps.db, assignmentId, maxTurns);
}

async function wasSent(tx: Tx, sessionId: string, ordinal: number, text: string): Promise<boolean> {
  const turn = await tx.chatTurn.findUnique({ where: { sessionId_ordinal: { sessionId, ordinal } }, select: { text: true } });
  if (turn && turn.text !== text) {
    throw new AppError('CONFLICT', 'This conversation went on in another window.', { remedy: 'Read what is there now, then go on.' });
  }
  return turn !== null;
}

/** Turns come one after the other, each when the one before was answered. */
async function requireAnswered(tx: Tx, sessionId: string, ordinal: number): Promise<void> {
  const before = await tx.chatTurn.count({ where: { sessionId } });
  if (before !== ordinal - 1) throw new AppError('CONFLICT', `The next turn of this conversation is turn ${before + 1}.`);
  const pending = await tx.chatReply.count({ where: { turn: { sessionId }, state: 'PENDING' } });
  if (pending > 0) throw new AppError('CONFLICT', 'The last turn is still being answered.', { remedy: 'Wait for both replies.' });
}
