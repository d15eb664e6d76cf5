import type { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { addTurn, openSession, turnsInLastMinute } from './open-session';
import { type DemonstrationAssignment, loadDemonstration, loadSuggestions, type SuggestionsView, suggestionsInput } from './suggestions';

const askedAMinute = 12;

/**
 * One suggestion more: a prepared text at once, else one that the model writes. Only a person's asking brings it.
 * @throws AppError PRECONDITION where there are no more; CONFLICT while one is being written; RATE_LIMITED
 */
export async function askSuggestion(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof suggestionsInput>,
): Promise<SuggestionsView> {
  const { assignmentId } = suggestionsInput.parse(input);
  const task = await loadDemonstration(deps.db, actor, assignmentId);
  const asksModel = await deps.db.$transaction((tx) => suggest(tx, assignmentId, task, deps.clock.now()));
  if (asksModel) await deps.queues.wake();
  return loadSuggestions(deps.db, assignmentId, task.count);
}

/** Whether a worker is needed. */
async function suggest(tx: Tx, assignmentId: string, task: DemonstrationAssignment, now: Date): Promise<boolean> {
  const session = await openSession(tx, assignmentId, task.modelIds, now);
  const asked = await tx.chatTurn.count({ where: { sessionId: session.id } });
  const pending = await tx.chatReply.count({ where: { turn: { sessionId: session.id }, state: 'PENDING' } });
  if (pending > 0) throw new AppError('CONFLICT', 'A suggestion is being written.', { remedy: 'Wait for it.' });
  if (asked >= task.count) throw new AppError('PRECONDITION', 'There are no more suggestions for this task.');
  const prepared = task.texts[asked];
  if (prepared !== undefined) {
    const reply = { side: 0, state: 'DONE' as const, text: prepared, createdAt: now, finishedAt: now };
    await tx.chatTurn.create({ data: { sessionId: session.id, ordinal: asked + 1, text: '', createdAt: now, replies: { create: reply } } });
    return false;
  }
  if ((await turnsInLastMinute(tx, task.userId, now)) >= askedAMinute) {
    throw new AppError('RATE_LIMITED', 'The model answers at most twelve times a minute.', { remedy: 'Wait a little, then ask again.' });
  }
  await addTurn(tx, session, { ordinal: asked + 1, text: '' }, now);
  return true;
}
