import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { chatTaskSpec } from '#lib/domain/chat';
import { parseFormSpec } from '#lib/domain/forms';
import { AppError } from '#lib/errors';
import { authorise, requireUser } from '#lib/services/people/authorise';

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
  const userId = requireUser(actor);
  const assignment = await db.assignment.findFirst({
    where: { id: assignmentId, annotatorId: userId },
    select: { submittedAt: true, task: { select: { projectId: true, kind: true, spec: true, formVersion: { select: { spec: true } } } } },
  });
  if (!assignment) throw new AppError('NOT_FOUND', 'This task is not yours.');
  await authorise({ db }, actor, assignment.task.projectId, 'labeling.annotate');
  if (assignment.submittedAt) throw new AppError('CONFLICT', 'This conversation was judged already.');
  const part = parseFormSpec(assignment.task.formVersion.spec).parts[0];
  if (assignment.task.kind !== 'CHAT' || part?.type !== 'chat') {
    throw new AppError('PRECONDITION', 'This task is no conversation.');
  }
  const spec = chatTaskSpec.parse(assignment.task.spec);
  return {
    userId,
    modelIds: spec.modelIds,
    maxTurns: Math.min(part.maxTurns, spec.maxTurns ?? part.maxTurns),
    maxCharacters: part.maxCharacters,
  };
}
