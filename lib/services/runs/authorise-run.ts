import type { Actor } from '#lib/domain/actor';
import type { ProjectAction } from '#lib/domain/permissions';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { authorise } from '../people/authorise';

/** A run of a project that the actor may not see is not shown to exist. */
export async function authoriseRun(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  runId: string,
  action: ProjectAction,
): Promise<{ projectId: string }> {
  const run = await deps.db.run.findUnique({ where: { id: runId }, select: { projectId: true } });
  if (!run) throw new AppError('NOT_FOUND', 'There is no such run.', { details: { runId } });
  await authorise(deps, actor, run.projectId, action);
  return run;
}
