import type { Tx } from '#lib/db/create-db';
import type { Side } from '#lib/domain/chat';
import { AppError } from '#lib/errors';

/** The names of the two models, told after the vote. */
export type Reveal = Readonly<Record<Side, string>>;

/** Binds the open conversation to the annotation that judged it: whoever works on the task again begins a new one, with models drawn anew. */
export async function closeChat(tx: Tx, input: { assignmentId: string; annotationId: string }): Promise<Reveal> {
  const { assignmentId, annotationId } = input;
  await tx.chatSession.updateMany({ where: { assignmentId, annotationId: null }, data: { annotationId } });
  const reveal = await revealOf(tx, annotationId);
  if (reveal === null) throw new AppError('PRECONDITION', 'There is no conversation to judge.');
  return reveal;
}

/** Null where the annotation is no vote on a conversation. */
export async function revealOf(tx: Tx, annotationId: string): Promise<Reveal | null> {
  const session = await tx.chatSession.findUnique({ where: { annotationId }, select: { modelIds: true } });
  if (!session) return null;
  const models = await tx.modelVersion.findMany({ where: { id: { in: session.modelIds } }, select: { id: true, name: true } });
  const nameOf = (id: string | undefined) => models.find((model) => model.id === id)?.name ?? '';
  return { A: nameOf(session.modelIds[0]), B: nameOf(session.modelIds[1]) };
}
