import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { type FormPart, parseFormSpec, type TaskKind } from '#lib/domain/forms';
import { AppError } from '#lib/errors';
import { authorise, requireUser } from '#lib/services/people/authorise';

interface OwnAssignment {
  readonly userId: string;
  readonly kind: TaskKind;
  readonly spec: unknown;
  /** The part of the kind. */
  readonly part: FormPart | undefined;
}

/** @throws AppError NOT_FOUND where it is not this person's; CONFLICT, with these words, where it was sent */
export async function loadOwnAssignment(db: Tx, actor: Actor, assignmentId: string, sent: string): Promise<OwnAssignment> {
  const userId = requireUser(actor);
  const assignment = await db.assignment.findFirst({
    where: { id: assignmentId, annotatorId: userId },
    select: { submittedAt: true, task: { select: { projectId: true, kind: true, spec: true, formVersion: { select: { spec: true } } } } },
  });
  if (!assignment) throw new AppError('NOT_FOUND', 'This task is not yours.');
  const { projectId, kind, spec, formVersion } = assignment.task;
  await authorise({ db }, actor, projectId, 'labeling.annotate');
  if (assignment.submittedAt) throw new AppError('CONFLICT', sent);
  return { userId, kind, spec, part: parseFormSpec(formVersion.spec).parts[0] };
}
