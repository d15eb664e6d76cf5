import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { authoriseSystem } from '#lib/services/people/authorise';

export interface ProjectSummary {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly members: number;
  readonly datasets: number;
  readonly models: number;
  readonly loops: number;
}

/** Every project of the installation, oldest first: for its admins and the command line, not for members. */
export async function listProjects(deps: Pick<Deps, 'db'>, actor: Actor): Promise<readonly ProjectSummary[]> {
  await authoriseSystem(deps, actor, 'system.read');
  const projects = await deps.db.project.findMany({
    orderBy: [{ createdAt: 'asc' }, { slug: 'asc' }],
    select: {
      id: true,
      slug: true,
      name: true,
      createdAt: true,
      _count: { select: { memberships: true, datasets: true, models: true, loops: true } },
    },
  });
  return projects.map(({ _count: { memberships, ...counts }, ...project }) => ({ ...project, members: memberships, ...counts }));
}
