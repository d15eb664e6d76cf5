import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { storableText } from '#lib/domain/prompts';
import type { Deps } from '#lib/services/deps';
import { requireUser } from '#lib/services/people/authorise';
import { findThread } from './find-thread';
import { limitWriting, writingLimit } from './limit-writing';

export const messageText = storableText.trim().min(1, 'is empty').max(4000);

export const sendMessageInput = z.strictObject({
  projectId: z.uuid(),
  taskId: z.uuid(),
  /** Whose thread; left out by the annotator himself. */
  annotatorId: z.uuid().optional(),
  text: messageText,
});

/** Writes to the lead about a task, or as the lead to the annotator. Plain text; the other side has it as unread. */
export async function sendMessage(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof sendMessageInput>,
): Promise<{ messageId: string; at: Date }> {
  const { text, ...wanted } = sendMessageInput.parse(input);
  const userId = requireUser(actor);
  const now = deps.clock.now();
  return deps.db.$transaction(async (tx) => {
    const { thread, side } = await findThread({ db: tx }, actor, wanted);
    await limitWriting(tx, { userId, projectId: thread.projectId, now, most: writingLimit[side === 'LEAD' ? 'lead' : 'annotator'] });
    const { id } = await tx.taskMessage.create({ data: { ...thread, authorId: userId, text, createdAt: now }, select: { id: true } });
    return { messageId: id, at: now };
  });
}
