import { Prisma } from '#lib/db/generated/client';

/** What the claim has to know of the person; loaded by lib/services/labeling/claim-standing.ts. */
export interface Claimer {
  readonly userId: string;
  readonly projectId: string;
  readonly skills: readonly string[];
  readonly languages: readonly string[];
  readonly qualified: boolean;
  /** Categories of content that he does not wish to be shown. */
  readonly hidden: readonly string[];
}

/**
 * The person will never have this task (Slot s, Task t), whatever others do: he wrote one of its texts, sent or skipped it, judged
 * it as a reviewer, or does not wish to see its content. Only this lets his cursor move past a slot.
 */
export function closedForGood({ userId, hidden }: Pick<Claimer, 'userId' | 'hidden'>): Prisma.Sql {
  return Prisma.sql`(
    ${userId} = any(t."authorIds")
    or s."contentFlags" && ${[...hidden]}::text[]
    or exists (select 1 from "Slot" o where o."taskId" = s."taskId" and o."annotatorId" = ${userId} and o."state" = 'FILLED')
    or exists (
      select 1 from "Assignment" a
      where a."taskId" = s."taskId" and a."annotatorId" = ${userId} and (a."submittedAt" is not null or a."skipReason" is not null))
    or exists (select 1 from "Review" v where v."taskId" = s."taskId" and v."reviewerId" = ${userId}))`;
}

/** Work goes on at Task t, and the person may have it; a lease that he lost without a word does not exclude him. */
export function openTo(claimer: Pick<Claimer, 'userId' | 'hidden'>): Prisma.Sql {
  return Prisma.sql`
    t."status" = 'OPEN'
    and not ${closedForGood(claimer)}
    and not exists (select 1 from "Slot" o where o."taskId" = s."taskId" and o."annotatorId" = ${claimer.userId})`;
}

/** Lanes (ClaimLane l, its Round r and TaskPool p) whose work goes on and whose pool takes this person. */
export function openLanes({ projectId, skills, languages, qualified }: Claimer): Prisma.Sql {
  return lanesFor(projectId, {
    skills: Prisma.sql`${[...skills]}::text[]`,
    languages: Prisma.sql`${[...languages]}::text[]`,
    qualified: Prisma.sql`${qualified}`,
  });
}

/** The same for a member as the record has him at that moment. */
export function openLanesOf({ userId, projectId }: Pick<Claimer, 'userId' | 'projectId'>): Prisma.Sql {
  const member = Prisma.sql`from "Membership" m where m."projectId" = ${projectId} and m."userId" = ${userId}`;
  return lanesFor(projectId, {
    skills: Prisma.sql`(select m."skills" ${member})`,
    languages: Prisma.sql`(select m."languages" ${member})`,
    qualified: Prisma.sql`(select m."qualifiedAt" is not null ${member})`,
  });
}

function lanesFor(
  projectId: string,
  { skills, languages, qualified }: Readonly<Record<'skills' | 'languages' | 'qualified', Prisma.Sql>>,
): Prisma.Sql {
  return Prisma.sql`
    "ClaimLane" l left join "Round" r on r."id" = l."roundId" left join "TaskPool" p on p."id" = l."poolId"
    where l."projectId" = ${projectId}
      and (l."roundId" is null or r."status" = 'WAITING')
      and (l."poolId" is null or (
        p."skills" <@ ${skills}
        and (p."languages" = '{}' or p."languages" && ${languages})
        and (not p."qualifiedOnly" or ${qualified})))`;
}

/** Free, or leased by someone whose lease ran out. */
export function unheld(now: Date): Prisma.Sql {
  return Prisma.sql`(s."state" = 'FREE' or (s."state" = 'LEASED' and s."leaseExpiresAt" <= ${now}::timestamp))`;
}

/** Assignment a on Slot s is held: neither submitted, skipped nor given to another, whether or not its lease ran out. */
export const heldAssignment = Prisma.sql`
  a."slotId" = s."id" and a."annotatorId" = s."annotatorId" and s."state" = 'LEASED' and a."releasedAt" is null and a."submittedAt" is null`;
