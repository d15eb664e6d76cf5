import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';
import type { PoolView } from './save-pool';

export const listPoolsInput = z.strictObject({ projectId: z.uuid() });

interface PoolWithCounts extends PoolView {
  readonly tasks: number;
  /** Of them, those that still want an annotation. */
  readonly open: number;
  /** Annotators of the project who may be given its tasks now. */
  readonly people: number;
}

/** The pools of a project, how many tasks lie in each, how many of them are open, and how many people may take them. Needs labeling.manage. */
export async function listPools(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listPoolsInput>,
): Promise<readonly PoolWithCounts[]> {
  const { projectId } = listPoolsInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.manage');
  return deps.db.$queryRaw<PoolWithCounts[]>`
    select p."id", p."name", p."skills", p."languages", p."qualifiedOnly",
      (select count(*)::int from "Task" t where t."projectId" = p."projectId" and t."poolId" = p."id") as "tasks",
      (select count(*)::int from "Task" t where t."projectId" = p."projectId" and t."poolId" = p."id" and t."status" = 'OPEN') as "open",
      (select count(*)::int from "Membership" m join "User" u on u."id" = m."userId"
        where m."projectId" = p."projectId" and 'ANNOTATOR' = any(m."roles") and u."disabledAt" is null and m."pausedAt" is null
          and p."skills" <@ m."skills" and (p."languages" = '{}' or p."languages" && m."languages")
          and (not p."qualifiedOnly" or m."qualifiedAt" is not null)) as "people"
    from "TaskPool" p where p."projectId" = ${projectId} order by p."name"`;
}
