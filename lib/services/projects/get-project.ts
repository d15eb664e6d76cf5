import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Role } from '#lib/domain/permissions';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const getProjectInput = z.union([z.strictObject({ slug: z.string().max(100) }), z.strictObject({ projectId: z.uuid() })]);

export interface ProjectView {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  /** Roles of the one who asks; empty for our own processes. */
  readonly roles: readonly Role[];
}

/** A project by address or id. @throws AppError NOT_FOUND also for who is not a member */
export async function getProject(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof getProjectInput>): Promise<ProjectView> {
  const key = getProjectInput.parse(input);
  const project = await deps.db.project.findUnique({
    where: 'slug' in key ? { slug: key.slug } : { id: key.projectId },
    select: { id: true, slug: true, name: true, description: true },
  });
  if (!project) {
    throw new AppError('NOT_FOUND', 'There is no such project, or you are not a member of it.', {
      remedy: 'Ask an admin of the project for an invitation.',
    });
  }
  const member = await authorise(deps, actor, project.id, 'project.read');
  return { ...project, roles: member?.roles ?? [] };
}
