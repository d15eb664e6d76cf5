import type { Actor } from '#lib/domain/actor';
import type { ProjectAction } from '#lib/domain/permissions';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { authorise } from '../people/authorise';

/** The loop's project, once the actor may do `action` there. A loop of a project that he may not see is not shown to exist. */
export async function authoriseLoop(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  loopId: string,
  action: ProjectAction,
): Promise<{ projectId: string }> {
  const loop = await deps.db.loop.findUnique({ where: { id: loopId }, select: { projectId: true } });
  if (!loop) throw new AppError('NOT_FOUND', 'There is no such loop.', { details: { loopId } });
  await authorise(deps, actor, loop.projectId, action);
  return loop;
}

export async function authoriseRound(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  roundId: string,
  action: ProjectAction,
): Promise<{ projectId: string; loopId: string }> {
  const round = await deps.db.round.findUnique({ where: { id: roundId }, select: { loop: { select: { id: true, projectId: true } } } });
  if (!round) throw new AppError('NOT_FOUND', 'There is no such round.', { details: { roundId } });
  await authorise(deps, actor, round.loop.projectId, action);
  return { projectId: round.loop.projectId, loopId: round.loop.id };
}
