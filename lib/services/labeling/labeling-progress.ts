import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const labelingProgressInput = z.strictObject({ projectId: z.uuid(), roundId: z.uuid().optional() });

export interface LabelingProgress {
  readonly wanted: number;
  readonly filled: number;
  /** In the hands of somebody now. */
  readonly leased: number;
  readonly free: number;
  /** Kept, but not wanted by any slot. */
  readonly surplus: number;
  readonly skipped: number;
  /** Free slots that no annotator of the project can take: each has judged or skipped the task. */
  readonly stuck: number;
}

/** Where the labeling of a project or of one round stands, for those who run it. Needs annotation.read. */
export async function labelingProgress(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof labelingProgressInput>,
): Promise<LabelingProgress> {
  const { projectId, roundId } = labelingProgressInput.parse(input);
  await authorise(deps, actor, projectId, 'annotation.read');
  const round = roundId ?? null;
  const now = deps.clock.now();
  const [row] = await deps.db.$queryRaw<LabelingProgress[]>`
    with slots as (
      select s.*, (s."state" = 'LEASED' and s."leaseExpiresAt" > ${now}::timestamp) as "held"
      from "Slot" s join "Task" t on t."id" = s."taskId"
      where s."projectId" = ${projectId} and s."state" <> 'CANCELLED' and (${round}::text is null or t."roundId" = ${round}))
    select
      count(*)::int as "wanted",
      (count(*) filter (where "state" = 'FILLED'))::int as "filled",
      (count(*) filter (where "held"))::int as "leased",
      (count(*) filter (where "state" <> 'FILLED' and not "held"))::int as "free",
      (count(*) filter (where "state" = 'FREE' and not exists (
        select 1 from "Membership" m join "User" u on u."id" = m."userId"
        where m."projectId" = ${projectId} and 'ANNOTATOR' = any(m."roles") and u."disabledAt" is null
          and not exists (select 1 from "Slot" o where o."taskId" = slots."taskId" and o."annotatorId" = m."userId")
          and not exists (
            select 1 from "Assignment" a where a."taskId" = slots."taskId" and a."annotatorId" = m."userId"
              and (a."submittedAt" is not null or a."skipReason" is not null)))))::int as "stuck",
      (select count(*)::int from "Annotation" a join "Task" t on t."id" = a."taskId"
        where t."projectId" = ${projectId} and (${round}::text is null or t."roundId" = ${round})
          and a."surplus" and a."withdrawsId" is null and a."supersedesId" is null) as "surplus",
      (select count(*)::int from "Assignment" a join "Task" t on t."id" = a."taskId"
        where t."projectId" = ${projectId} and (${round}::text is null or t."roundId" = ${round}) and a."skipReason" is not null) as "skipped"
    from slots`;
  return row ?? { wanted: 0, filled: 0, leased: 0, free: 0, surplus: 0, skipped: 0, stuck: 0 };
}
