import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { loadChatAssignment } from './chat-assignment';
import { type ChatView, loadChatView } from './chat-view';

export const getChatInput = z.strictObject({ assignmentId: z.uuid() });

/** The conversation so far; the page asks again while replies are being written. */
export async function getChat(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof getChatInput>): Promise<ChatView> {
  const { assignmentId } = getChatInput.parse(input);
  const { maxTurns } = await loadChatAssignment(deps.db, actor, assignmentId);
  return loadChatView(deps.db, assignmentId, maxTurns);
}
