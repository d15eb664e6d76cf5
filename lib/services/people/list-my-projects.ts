import type { Actor } from '#lib/domain/actor';
import type { Role } from '#lib/domain/permissions';
import type { Deps } from '#lib/services/deps';
import { loadProgress } from '#lib/services/labeling/progress';
import { requireUser } from './authorise';

export interface MyProject {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** Tasks that this person can judge now; null for who does not annotate here. Counted to 1,000 at most. */
  readonly left: number | null;
  readonly doneToday: number;
  readonly guidelineVersion: number | null;
  /** The version that this person said he read last. */
  readonly guidelineRead: number | null;
  /** Paused people are given no tasks. */
  readonly paused: boolean;
}

/** The projects of the person who asks, by name, with what is his to do in each. */
export async function listMyProjects(deps: Pick<Deps, 'db' | 'clock'>, actor: Actor): Promise<readonly MyProject[]> {
  const userId = requireUser(actor);
  const now = deps.clock.now();
  const memberships = await deps.db.membership.findMany({
    where: { userId, user: { disabledAt: null } },
    orderBy: { project: { name: 'asc' } },
    select: {
      roles: true,
      guidelineReadId: true,
      pausedAt: true,
      project: {
        select: { id: true, slug: true, name: true, guidelines: { orderBy: { version: 'desc' }, take: 1, select: { version: true } } },
      },
    },
  });
  const readIds = memberships.flatMap(({ guidelineReadId }) => guidelineReadId ?? []);
  const read = new Map(
    (await deps.db.guideline.findMany({ where: { id: { in: readIds } }, select: { id: true, version: true } })).map(({ id, version }) => [
      id,
      version,
    ]),
  );
  const projects: MyProject[] = [];
  for (const { roles, project, guidelineReadId, pausedAt } of memberships) {
    const annotates = roles.includes('ANNOTATOR');
    const progress = annotates ? await loadProgress(deps.db, userId, project.id, now) : null;
    projects.push({
      id: project.id,
      slug: project.slug,
      name: project.name,
      roles,
      left: progress?.left ?? null,
      doneToday: progress?.doneToday ?? 0,
      guidelineVersion: project.guidelines[0]?.version ?? null,
      guidelineRead: read.get(guidelineReadId ?? '') ?? null,
      paused: pausedAt !== null,
    });
  }
  return projects;
}
