import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type TaskKind, taskKinds } from '#lib/domain/forms';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const listTaskCountsInput = z.strictObject({ projectId: z.uuid() });

/** How far the work on the tasks of one kind is. Tasks with a known answer have no places of their own and count in `checks` only. */
export interface TaskCounts {
  readonly kind: TaskKind;
  readonly open: number;
  readonly done: number;
  readonly cancelled: number;
  /** Gold, training, qualification and hidden repeats. */
  readonly checks: number;
  /** Annotations wanted of what is open or done, and those that are there. */
  readonly wanted: number;
  readonly filled: number;
}

/** Tasks by kind, in the order of the kinds. Needs annotation.read. */
export async function listTaskCounts(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listTaskCountsInput>,
): Promise<readonly TaskCounts[]> {
  const { projectId } = listTaskCountsInput.parse(input);
  await authorise(deps, actor, projectId, 'annotation.read');
  const rows = await deps.db.$queryRaw<TaskCounts[]>`
    with slots as (
      select t."kind", count(*) filter (where s."state" <> 'CANCELLED')::int as "wanted", count(*) filter (where s."state" = 'FILLED')::int as "filled"
      from "Slot" s join "Task" t on t."id" = s."taskId"
      where s."projectId" = ${projectId} and t."purpose" in ('LABELING', 'EVALUATION')
      group by t."kind")
    select t."kind"::text as "kind",
      count(*) filter (where t."purpose" in ('LABELING', 'EVALUATION') and t."status" = 'OPEN')::int as "open",
      count(*) filter (where t."purpose" in ('LABELING', 'EVALUATION') and t."status" = 'DONE')::int as "done",
      count(*) filter (where t."status" = 'CANCELLED')::int as "cancelled",
      count(*) filter (where t."purpose" not in ('LABELING', 'EVALUATION') and t."status" <> 'CANCELLED')::int as "checks",
      coalesce(max(s."wanted"), 0) as "wanted", coalesce(max(s."filled"), 0) as "filled"
    from "Task" t left join slots s on s."kind" = t."kind"
    where t."projectId" = ${projectId}
    group by t."kind"`;
  return rows.sort((a, b) => taskKinds.indexOf(a.kind) - taskKinds.indexOf(b.kind));
}
