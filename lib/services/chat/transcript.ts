import type { Tx } from '#lib/db/create-db';
import { AppError } from '#lib/errors';

/**
 * What is kept of a CHAT task: the vote that the browser sent, with the conversation as the record has it. What a browser says about the
 * conversation counts nothing.
 * @throws AppError PRECONDITION where there is nothing to judge yet
 */
export async function withTranscript(db: Tx, assignmentId: string, content: unknown): Promise<unknown> {
  const turns = await db.chatTurn.findMany({
    where: { session: { assignmentId, annotationId: null } },
    orderBy: { ordinal: 'asc' },
    select: { text: true, replies: { select: { side: true, state: true, text: true } } },
  });
  if (turns.some(({ replies }) => replies.some(({ state }) => state === 'PENDING'))) {
    throw new AppError('PRECONDITION', 'The last turn is still being answered.', { remedy: 'Wait for both replies, then choose.' });
  }
  const told = turns.map(({ text, replies }) => {
    const of = (side: number) => replies.find((reply) => reply.side === side && reply.state === 'DONE')?.text ?? null;
    return { text, a: of(0), b: of(1) };
  });
  if (!told.some(({ a, b }) => a !== null && b !== null)) {
    throw new AppError('PRECONDITION', 'There is nothing to compare yet: no turn was answered by both sides.', {
      remedy: 'Say something first, or skip the task.',
    });
  }
  const vote = typeof content === 'object' && content !== null && !Array.isArray(content) ? content : {};
  return { ...vote, chat: { turns: told } };
}
