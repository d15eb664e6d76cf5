import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { taskKinds } from '#lib/domain/forms';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const placeTasksInput = z.strictObject({
  projectId: z.uuid(),
  /** Which tasks; every condition that is given must hold. */
  tasks: z
    .strictObject({
      ids: z.array(z.uuid()).min(1).max(10_000).optional(),
      datasetId: z.uuid().optional(),
      kind: z.enum(taskKinds).optional(),
    })
    .refine((tasks) => Object.values(tasks).some((condition) => condition !== undefined), 'Say which tasks: ids, a dataset or a kind.'),
  /** Null: everybody's. Left out: as it is. */
  poolId: z.uuid().nullable().optional(),
  /** Higher comes first. Left out: as it is. */
  priority: z.int().min(-1000).max(1000).optional(),
});

/** Puts tasks into a pool or gives them a priority; holds for whatever of them is claimed from now on. Needs labeling.manage. */
export async function placeTasks(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof placeTasksInput>,
): Promise<{ placed: number }> {
  const { projectId, tasks, poolId, priority } = placeTasksInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.manage');
  if (poolId && (await deps.db.taskPool.count({ where: { id: poolId, projectId } })) === 0) {
    throw new AppError('NOT_FOUND', 'There is no such pool in this project.');
  }
  // The slots follow by a trigger, each to the end of its new lane.
  const { count } = await deps.db.task.updateMany({
    where: {
      projectId,
      status: 'OPEN',
      ...(tasks.ids && { id: { in: tasks.ids } }),
      ...(tasks.datasetId && { prompt: { datasetId: tasks.datasetId } }),
      ...(tasks.kind && { kind: tasks.kind }),
    },
    data: { ...(poolId !== undefined && { poolId }), ...(priority !== undefined && { priority }) },
  });
  return { placed: count };
}
