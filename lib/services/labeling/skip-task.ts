import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { skipReasonSchema } from '#lib/domain/assignment';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { claimFor } from './claim-task';
import type { AssignmentView } from './get-assignment-view';

export const skipTaskInput = z.strictObject({
  assignmentId: z.uuid(),
  reason: skipReasonSchema,
  note: z.string().trim().max(500).default(''),
});

/** Gives a task back with a reason; this person is not asked again. Answers with a task that he does not hold yet. */
export async function skipTask(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof skipTaskInput>,
): Promise<{ next: AssignmentView | null }> {
  const { assignmentId, reason, note } = skipTaskInput.parse(input);
  const userId = requireUser(actor);
  const now = deps.clock.now();
  const assignment = await deps.db.assignment.findFirst({
    where: { id: assignmentId, annotatorId: userId },
    select: { slotId: true, task: { select: { projectId: true } } },
  });
  if (!assignment) throw new AppError('NOT_FOUND', 'This task is not yours.');
  const { projectId } = assignment.task;
  await authorise(deps, actor, projectId, 'labeling.annotate');
  await deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Slot" where "id" = ${assignment.slotId} for update`;
    const { count } = await tx.assignment.updateMany({
      where: { id: assignmentId, submittedAt: null },
      data: { skipReason: note === '' ? reason : `${reason}: ${note}`, releasedAt: now },
    });
    if (count === 0) throw new AppError('CONFLICT', 'This task was sent already and cannot be skipped.', { remedy: 'Take it back first.' });
    await tx.slot.updateMany({
      where: { id: assignment.slotId, annotatorId: userId, state: 'LEASED' },
      data: { state: 'FREE', annotatorId: null, leaseExpiresAt: null },
    });
  });
  return { next: await claimFor(deps, userId, projectId, true) };
}
