import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { lockTask } from '#lib/services/labeling/write-annotation';
import { afterAnnotation } from '#lib/services/loops/after-annotation';
import { authorise } from '#lib/services/people/authorise';
import { messageText } from './send-message';

export const resolveReportInput = z.strictObject({
  reportId: z.uuid(),
  /** KEEP: the task is fine and goes on. CANCEL_TASK: nobody is asked about it any more, and its labels enter no snapshot from now on. */
  decision: z.enum(['KEEP', 'CANCEL_TASK']),
  /** Goes to whoever reported it, as a message about the task. */
  answer: messageText.optional(),
});

/**
 * The lead decides about a report. Cancelling settles every open report of the task; an annotation that somebody sends
 * later is kept, as surplus. Nothing that was sent is changed.
 * @throws AppError CONFLICT where it was decided already
 */
export async function resolveReport(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof resolveReportInput>,
): Promise<{ resolved: number }> {
  const { reportId, decision, answer } = resolveReportInput.parse(input);
  const found = await deps.db.taskReport.findUnique({ where: { id: reportId }, select: { projectId: true, taskId: true } });
  if (!found) throw new AppError('NOT_FOUND', 'There is no such report.');
  const { projectId, taskId } = found;
  await authorise(deps, actor, projectId, 'labeling.manage');
  const resolvedById = actorUserId(actor);
  const now = deps.clock.now();
  const resolved = await deps.db.$transaction(async (tx) => {
    await lockTask(tx, taskId);
    const open = await tx.taskReport.findMany({
      where: { taskId, resolvedAt: null, ...(decision === 'KEEP' && { id: reportId }) },
      select: { id: true, reporterId: true },
    });
    if (!open.some(({ id }) => id === reportId)) throw new AppError('CONFLICT', 'Somebody decided about this report already.');
    await tx.taskReport.updateMany({
      where: { id: { in: open.map(({ id }) => id) } },
      data: { resolution: decision, resolvedById, resolvedAt: now },
    });
    if (answer !== undefined && resolvedById !== null) {
      await tx.taskMessage.createMany({
        data: open.map(({ reporterId }) => ({
          projectId,
          taskId,
          annotatorId: reporterId,
          authorId: resolvedById,
          text: answer,
          createdAt: now,
        })),
      });
    }
    if (decision === 'CANCEL_TASK') await cancelTask(tx, taskId);
    return open.length;
  });
  if (decision === 'CANCEL_TASK') await deps.queues.wake();
  return { resolved };
}

/** Under the lock of the task. What nobody has filled is not wanted any more, so the round may have all that it waits for. */
async function cancelTask(tx: Tx, taskId: string): Promise<void> {
  await tx.$queryRaw`select "id" from "Slot" where "taskId" = ${taskId} and "state" in ('FREE', 'LEASED') order by "id" for update`;
  await tx.slot.updateMany({
    where: { taskId, state: { in: ['FREE', 'LEASED'] } },
    data: { state: 'CANCELLED', annotatorId: null, leaseExpiresAt: null },
  });
  await tx.task.update({ where: { id: taskId }, data: { status: 'CANCELLED' } });
  await afterAnnotation(tx, taskId);
}
