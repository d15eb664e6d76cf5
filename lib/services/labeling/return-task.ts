import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';
import { lockTask } from './write-annotation';

export const returnTaskInput = z.strictObject({
  taskId: z.uuid(),
  /** Where it is said, a task of another project is not found. */
  projectId: z.uuid().optional(),
});

/**
 * The lead gives a task that so many skipped back to the queue; who skipped it is not asked again. Needs labeling.manage.
 * @throws AppError CONFLICT where it was not set aside, or its round has moved on without it
 */
export async function returnTask(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof returnTaskInput>): Promise<{ slots: number }> {
  const { taskId, projectId } = returnTaskInput.parse(input);
  const task = await deps.db.task.findUnique({ where: { id: taskId }, select: { projectId: true, purpose: true, round: true } });
  if (!task || (projectId !== undefined && task.projectId !== projectId)) throw new AppError('NOT_FOUND', 'There is no such task.');
  await authorise(deps, actor, task.projectId, 'labeling.manage');
  if (task.round && (task.round.stage !== task.purpose || task.round.status !== 'WAITING')) {
    throw new AppError('CONFLICT', 'The round has moved on without this task.');
  }
  return deps.db.$transaction(async (tx) => {
    await lockTask(tx, taskId);
    const { count } = await tx.task.updateMany({
      where: { id: taskId, setAsideAt: { not: null } },
      data: { setAsideAt: null, status: 'OPEN' },
    });
    if (count === 0) throw new AppError('CONFLICT', 'This task was not set aside.');
    const slots = await tx.slot.updateMany({ where: { taskId, state: 'CANCELLED' }, data: { state: 'FREE', annotatorId: null } });
    return { slots: slots.count };
  });
}
