import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { TaskKind } from '#lib/domain/forms';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const countOpenTasksInput = z.strictObject({ projectId: z.uuid() });

export interface OpenTasks {
  readonly datasetId: string;
  readonly dataset: string;
  readonly kind: TaskKind;
  /** Null: everybody's. */
  readonly poolId: string | null;
  readonly n: number;
}

/** How many tasks are open, by dataset, kind and pool: what `placeTasks` would move by such a filter. Needs labeling.manage. */
export async function countOpenTasks(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof countOpenTasksInput>,
): Promise<readonly OpenTasks[]> {
  const { projectId } = countOpenTasksInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.manage');
  return deps.db.$queryRaw<OpenTasks[]>`
    select d."id" as "datasetId", d."name" as "dataset", t."kind"::text as "kind", t."poolId", count(*)::int as "n"
    from "Task" t join "Prompt" p on p."id" = t."promptId" join "Dataset" d on d."id" = p."datasetId"
    where t."projectId" = ${projectId} and t."status" = 'OPEN'
    group by d."id", d."name", t."kind", t."poolId" order by d."name", t."kind"`;
}
