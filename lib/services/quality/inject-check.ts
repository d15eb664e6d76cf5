import type { Statements } from '#lib/db/direct-db';
import { Prisma } from '#lib/db/generated/client';
import type { QualityPolicy } from '#lib/domain/quality/quality-policy';
import { createRandom } from '#lib/domain/random';
import { createRepeat } from './create-repeat';

type CheckPolicy = Pick<QualityPolicy, 'gold' | 'repeats'>;

interface Asker {
  readonly userId: string;
  readonly projectId: string;
  /** The newest judgement of this person that counts as work: a check is never the first task. */
  readonly lastWork: string;
  readonly now: Date;
}

/**
 * The check that is due for this person now, instead of new work: a gold task or one of the person's own earlier tasks
 * again; null where none is. Which it is follows from a draw that the person cannot foresee, and that a claim asked
 * twice repeats. The caller leases it; what the person receives is made like any other task.
 */
export async function injectCheck(
  tx: Statements,
  { userId, projectId, lastWork, now }: Asker,
  policy: CheckPolicy,
): Promise<string | null> {
  if (policy.gold.share + policy.repeats.share <= 0) return null;
  const random = createRandom('check', userId, lastWork);
  const draw = random.next();
  if (draw >= policy.gold.share + policy.repeats.share || (await holdsCheck(tx, userId, projectId))) return null;
  if (draw < policy.gold.share) return findGold(tx, userId, projectId, policy, random.next());
  return createRepeat(tx, { userId, projectId, now, policy: policy.repeats, random });
}

/** One check at a time in a person's hands: the one in hand and the one preloaded are never both checks. */
async function holdsCheck(tx: Statements, userId: string, projectId: string): Promise<boolean> {
  const [row] = await tx.$queryRaw<unknown[]>`
    select 1 as "held" from "Slot" s join "Task" t on t."id" = s."taskId"
    where s."annotatorId" = ${userId} and s."state" = 'LEASED' and s."projectId" = ${projectId} and t."purpose" in ('GOLD', 'REPEAT')
    limit 1`;
  return row !== undefined;
}

/**
 * Gold that this person has never seen, neither as gold nor as the task it came from, neither as annotator, reviewer nor
 * author; within its exposures; the least shown first.
 */
async function findGold(tx: Statements, userId: string, projectId: string, policy: CheckPolicy, draw: number): Promise<string | null> {
  const rows = await tx.$queryRaw<{ id: string; exposures: number }[]>`
    with gold as (
      select t."id", g."maxExposures", (select count(*)::int from "Slot" e where e."taskId" = t."id" and e."annotatorId" is not null) as "exposures"
      from "Task" t
      join "GoldAnswer" g on g."taskId" = t."id"
      join "Membership" m on m."projectId" = t."projectId" and m."userId" = ${userId}
      left join "TaskPool" p on p."id" = t."poolId"
      where t."projectId" = ${projectId} and t."purpose" = 'GOLD' and t."status" <> 'CANCELLED' and g."retiredAt" is null
        and not ${userId} = any(t."authorIds") and g."createdById" is distinct from ${userId}
        and (p."id" is null or (p."skills" <@ m."skills" and (p."languages" = '{}' or p."languages" && m."languages")
          and (not p."qualifiedOnly" or m."qualifiedAt" is not null)))
        and not (t."contentFlags" && ${hiddenCategories})
        and not exists (select 1 from "Assignment" a where a."annotatorId" = ${userId} and a."taskId" in (t."id", t."sourceTaskId"))
        and not exists (select 1 from "Annotation" n where n."annotatorId" = ${userId} and n."taskId" = t."sourceTaskId")
        and not exists (select 1 from "Review" r where r."reviewerId" = ${userId} and r."taskId" in (t."id", t."sourceTaskId")))
    select "id", "exposures" from gold
    where "exposures" < coalesce("maxExposures", ${policy.gold.maxExposures})
    order by "exposures", "id" limit 20`;
  const least = rows.filter((row) => row.exposures === rows[0]?.exposures);
  return least[Math.floor(draw * least.length)]?.id ?? null;
}

/** Of Membership m: what the person does not wish to be shown. */
const hiddenCategories = Prisma.sql`
  array(select jsonb_array_elements_text(case when jsonb_typeof(m."preferences"->'hiddenCategories') = 'array' then m."preferences"->'hiddenCategories' else '[]'::jsonb end))`;
