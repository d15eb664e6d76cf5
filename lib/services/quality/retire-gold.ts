import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const retireGoldInput = z.strictObject({ taskId: z.uuid() });

/** From now on nobody is given it; what was sent and checked stays. Needs quality.manage. */
export async function retireGold(deps: Pick<Deps, 'db' | 'clock'>, actor: Actor, input: z.input<typeof retireGoldInput>): Promise<void> {
  const { taskId } = retireGoldInput.parse(input);
  const gold = await deps.db.goldAnswer.findUnique({ where: { taskId }, select: { task: { select: { projectId: true } } } });
  if (!gold) throw new AppError('NOT_FOUND', 'There is no such task with a known answer.');
  await authorise(deps, actor, gold.task.projectId, 'quality.manage');
  await deps.db.goldAnswer.updateMany({ where: { taskId, retiredAt: null }, data: { retiredAt: deps.clock.now() } });
}
