import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

const words = z.array(z.string().trim().min(1).max(60)).max(50);

export const savePoolInput = z.strictObject({
  projectId: z.uuid(),
  name: z.string().trim().min(1, 'A pool has a name.').max(100),
  /** A person needs all of them. */
  skills: words.default([]),
  /** A person needs one of them; none: any. */
  languages: words.default([]),
  qualifiedOnly: z.boolean().default(false),
});

export interface PoolView {
  readonly id: string;
  readonly name: string;
  readonly skills: readonly string[];
  readonly languages: readonly string[];
  readonly qualifiedOnly: boolean;
}

/** Makes a pool of tasks, or changes for whom the pool of that name is; holds from the next claim on. Needs labeling.manage. */
export async function savePool(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof savePoolInput>): Promise<PoolView> {
  const { projectId, name, ...whom } = savePoolInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.manage');
  return deps.db.taskPool.upsert({
    where: { projectId_name: { projectId, name } },
    create: { projectId, name, ...whom },
    update: whom,
    select: { id: true, name: true, skills: true, languages: true, qualifiedOnly: true },
  });
}
