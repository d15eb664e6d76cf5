import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { addOutbox } from '../outbox/add-outbox';
import { loadChatAssignment } from './chat-assignment';
import { type ChatView, loadChatView } from './chat-view';

export const retryTurnInput = z.strictObject({ assignmentId: z.uuid() });

/** A worker that is merely busy is not helped by a second job. */
const patience = 15_000;

/**
 * Asks again for the replies of the last turn that failed, or that no worker has written for a while. A reply that is there stays.
 * @throws AppError PRECONDITION where there is nothing to ask again
 */
export async function retryTurn(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof retryTurnInput>,
): Promise<ChatView> {
  const { assignmentId } = retryTurnInput.parse(input);
  const { maxTurns } = await loadChatAssignment(deps.db, actor, assignmentId);
  await deps.db.$transaction(async (tx) => {
    const now = deps.clock.now();
    const turn = await tx.chatTurn.findFirst({
      where: { session: { assignmentId, annotationId: null } },
      orderBy: { ordinal: 'desc' },
      select: { id: true, replies: { select: { side: true, state: true } } },
    });
    const open = turn?.replies.filter(({ state }) => state !== 'DONE') ?? [];
    if (!turn || open.length === 0) throw new AppError('PRECONDITION', 'Every turn of this conversation is answered.');
    const row = await tx.outbox.findFirst({ where: { kind: 'chat-turn', subjectId: turn.id, doneAt: null }, select: { enqueuedAt: true } });
    const waits = row !== null && (row.enqueuedAt === null || now.getTime() - row.enqueuedAt.getTime() < patience);
    if (waits) return;
    await tx.chatReply.updateMany({
      where: { turnId: turn.id, state: 'FAILED' },
      data: { state: 'PENDING', reason: null, finishedAt: null },
    });
    if (row) {
      await tx.outbox.updateMany({
        where: { kind: 'chat-turn', subjectId: turn.id, doneAt: null },
        data: { attempt: { increment: 1 }, enqueuedAt: null },
      });
    } else await addOutbox(tx, { kind: 'chat-turn', subjectId: turn.id, dedupeKey: `chat-turn-${turn.id}-${now.getTime()}` });
  });
  await deps.queues.wake();
  return loadChatView(deps.db, assignmentId, maxTurns);
}
