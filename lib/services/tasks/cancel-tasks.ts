import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { taskKinds } from '#lib/domain/forms';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const cancelTasksInput = z
  .strictObject({
    projectId: z.uuid(),
    /** Those of one import. */
    datasetId: z.uuid().optional(),
    kind: z.enum(taskKinds).optional(),
    keys: z.array(z.string().max(100)).max(10_000).optional(),
  })
  .refine(({ datasetId, kind, keys }) => datasetId !== undefined || kind !== undefined || keys !== undefined, {
    message: 'says which tasks: of an import, of a kind, or by their keys',
    path: ['datasetId'],
  });

/**
 * Nobody is given these tasks any more. What was annotated stays, and what is sent late is kept as surplus. Tasks of a
 * loop's round are the loop's own and are let be. Needs labeling.manage.
 */
export async function cancelTasks(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof cancelTasksInput>,
): Promise<{ cancelled: number }> {
  const parsed = cancelTasksInput.safeParse(input);
  if (!parsed.success) throw new AppError('BAD_INPUT', `The cancellation ${parsed.error.issues[0]?.message ?? 'cannot be read'}.`);
  const { projectId, datasetId = null, kind = null, keys = null } = parsed.data;
  await authorise(deps, actor, projectId, 'labeling.manage');
  const now = deps.clock.now();
  return deps.db.$transaction(
    async (tx) => {
      const rows = await tx.$queryRaw<{ id: string }[]>`
        update "Task" t set "status" = 'CANCELLED'
        from "Prompt" p
        where p."id" = t."promptId" and t."projectId" = ${projectId} and t."roundId" is null and t."status" = 'OPEN'
          and (${datasetId}::text is null or p."datasetId" = ${datasetId})
          and (${kind}::text is null or t."kind"::text = ${kind})
          and (${keys}::text[] is null or t."key" = any(${keys}::text[]))
        returning t."id"`;
      const ids = rows.map(({ id }) => id);
      await tx.$executeRaw`
        update "Assignment" a set "releasedAt" = ${now}::timestamp
        from "Slot" s
        where s."id" = a."slotId" and s."taskId" = any(${ids}::text[]) and s."state" = 'LEASED' and a."submittedAt" is null and a."releasedAt" is null`;
      await tx.$executeRaw`
        update "Slot" set "state" = 'CANCELLED', "annotatorId" = null, "leaseExpiresAt" = null, "updatedAt" = ${now}::timestamp
        where "taskId" = any(${ids}::text[]) and "state" in ('FREE', 'LEASED')`;
      return { cancelled: ids.length };
    },
    { timeout: 60_000 },
  );
}
