import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { type SkipReason, skipReasonSchema } from '#lib/domain/assignment';
import { parseLabelingPolicy } from '#lib/domain/labeling-policy';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { afterAnnotation } from '#lib/services/loops/after-annotation';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { claimFor } from './claim-task';
import type { AssignmentView } from './get-assignment-view';
import { lockTask } from './write-annotation';

export const skipTaskInput = z.strictObject({
  assignmentId: z.uuid(),
  reason: skipReasonSchema,
  note: z.string().trim().max(500).default(''),
});

/**
 * Gives a task back with a reason; this person is not asked again. Once as many skipped it as the policy says, it waits for the project's
 * lead. Answers with a task that the person does not hold yet.
 */
export async function skipTask(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof skipTaskInput>,
): Promise<{ next: AssignmentView | null }> {
  const { assignmentId, reason, note } = skipTaskInput.parse(input);
  const userId = requireUser(actor);
  const now = deps.clock.now();
  const assignment = await deps.db.assignment.findFirst({
    where: { id: assignmentId, annotatorId: userId },
    select: {
      slotId: true,
      taskId: true,
      task: { select: { projectId: true, purpose: true, project: { select: { labelingPolicy: true } } } },
    },
  });
  if (!assignment) throw new AppError('NOT_FOUND', 'This task is not yours.');
  const { slotId, taskId } = assignment;
  const { projectId, purpose, project } = assignment.task;
  await authorise(deps, actor, projectId, 'labeling.annotate');
  const { skip } = parseLabelingPolicy(project.labelingPolicy);
  requireSkippable(purpose, reason, skip.reasons);
  const moves = await deps.db.$transaction(async (tx) => {
    await lockTask(tx, taskId);
    await tx.$queryRaw`select 1 from "Slot" where "id" = ${slotId} for update`;
    const { count } = await tx.assignment.updateMany({
      where: { id: assignmentId, submittedAt: null },
      data: { skipReason: note === '' ? reason : `${reason}: ${note}`, releasedAt: now },
    });
    if (count === 0) throw new AppError('CONFLICT', 'This task was sent already and cannot be skipped.', { remedy: 'Take it back first.' });
    const own = { id: slotId, annotatorId: userId, state: 'LEASED' as const };
    if (purpose !== 'LABELING' && purpose !== 'EVALUATION') {
      // A check is this person's alone: it counts as seen and goes to nobody else.
      await tx.slot.updateMany({ where: own, data: { state: 'CANCELLED', leaseExpiresAt: null } });
      return false;
    }
    await tx.slot.updateMany({ where: own, data: { state: 'FREE', annotatorId: null, leaseExpiresAt: null } });
    return skip.setAsideAfter !== null && setAside(tx, taskId, skip.setAsideAfter, now);
  });
  if (moves) await deps.queues.wake();
  return { next: await claimFor(deps, userId, projectId, true) };
}

/** @throws AppError PRECONDITION for a test; BAD_INPUT for a reason that the project does not take */
function requireSkippable(purpose: string, reason: SkipReason, reasons: readonly SkipReason[]): void {
  if (purpose === 'TRAINING' || purpose === 'QUALIFICATION') {
    throw new AppError('PRECONDITION', 'Training and test tasks cannot be skipped.', {
      remedy: 'Answer as well as you can, or report the task.',
    });
  }
  if (reasons.includes(reason)) return;
  throw new AppError('BAD_INPUT', `This project takes only these reasons: ${reasons.join(', ')}.`, {
    details: { field: 'reason', reasons },
  });
}

/** Takes what is free of the task out of the queue once so many people skipped it; whether its round can move on without it. */
async function setAside(tx: Tx, taskId: string, after: number, now: Date): Promise<boolean> {
  const [skips] = await tx.$queryRaw<{ people: number }[]>`
    select count(distinct "annotatorId")::int as "people" from "Assignment" where "taskId" = ${taskId} and "skipReason" is not null`;
  if ((skips?.people ?? 0) < after) return false;
  await tx.task.update({ where: { id: taskId }, data: { setAsideAt: now } });
  await tx.slot.updateMany({ where: { taskId, state: 'FREE' }, data: { state: 'CANCELLED' } });
  const open = await tx.slot.count({ where: { taskId, state: 'LEASED' } });
  return open === 0 && afterAnnotation(tx, taskId);
}
