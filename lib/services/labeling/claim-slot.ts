import type { Statements } from '#lib/db/direct-db';
import { Prisma } from '#lib/db/generated/client';
import { leaseExpiry } from '#lib/domain/assignment';
import { inLevel, type Level, type OpenLevel, type Visit } from './claim-level';
import { type Claimer, openLanesOf, openTo } from './claimable';
import { leasedSlot } from './create-assignment';

/** Priorities of a lane that are tried one by one; what lies below is searched in one go. */
const maxLevels = 8;

/** Takes the first slot of a level, in the order given, by making an assignment of it; its place. */
export type Take = (lease: Prisma.Sql) => Promise<{ position: bigint } | null>;

/**
 * Takes the slot that comes first: highest priority, then what others let lapse, then pools that take few people, then the order of the
 * lane. Each lane is an index of its own and is entered where this person has something to do, so a claim reads a few entries
 * whatever he has done and however many tasks there are. What is locked is stepped over: claimers never wait for each other.
 */
export async function claimSlot(
  take: Take,
  claimer: Claimer,
  levels: readonly Level[],
  now: Date,
  ahead: boolean,
): Promise<{ taken: boolean; visits: readonly Visit[] }> {
  const visits: Visit[] = [];
  for (const level of levels) {
    const slot = await take(leaseInLevel(claimer, level, now, ahead));
    visits.push({ level, claimedAt: slot?.position ?? null });
    if (slot) return { taken: true, visits };
  }
  const perLane = new Map<string, Level[]>();
  for (const level of levels) {
    const key = `${level.laneId} ${level.lapsed}`;
    perLane.set(key, [...(perLane.get(key) ?? []), level]);
  }
  for (const tried of perLane.values()) {
    const last = tried.at(-1);
    if (last === undefined || tried.length < maxLevels) continue;
    if (await take(leaseOf(claimer, now, ahead, belowLevel(last, now)))) return { taken: true, visits };
  }
  return { taken: false, visits };
}

export function leaseInLevel(claimer: Claimer, level: Level, now: Date, ahead: boolean): Prisma.Sql {
  return leaseOf(claimer, now, ahead, inLevel(level, now));
}

/**
 * Which levels hold anything at all for this person, in the order of the claim; looked up in the index, one entry a level. Asks nothing that a
 * claim has to read first, so that it travels with what it reads.
 */
export async function findOpenLevels(
  tx: Statements,
  member: Pick<Claimer, 'userId' | 'projectId'>,
  now: Date,
): Promise<readonly OpenLevel[]> {
  const free = Prisma.sql`s."state" = 'FREE'`;
  const lapsed = Prisma.sql`s."state" = 'LEASED' and s."leaseExpiresAt" <= ${now}::timestamp`;
  return tx.$queryRaw<OpenLevel[]>`
    with recursive lane as (
      select l."id", coalesce(cardinality(p."skills") + (p."languages" <> '{}')::int + p."qualifiedOnly"::int, 0) as "narrow"
      from ${openLanesOf(member)}),
    free as (${levelsOf(free, 'free')}),
    lapsed as (${levelsOf(lapsed, 'lapsed')})
    select v."laneId", v."priority", v."lapsed", c."basis", c."position", c."expiredAt", c."expiredPosition"
    from (select *, false as "lapsed" from free union all select *, true as "lapsed" from lapsed) v
    left join "ClaimCursor" c
      on c."userId" = ${member.userId} and c."laneId" = v."laneId" and c."priority" = v."priority"
    where v."priority" is not null
    order by v."priority" desc, v."lapsed" desc, v."narrow" desc, v."laneId"`;
}

function levelsOf(open: Prisma.Sql, name: 'free' | 'lapsed'): Prisma.Sql {
  const top = (below: Prisma.Sql) => Prisma.sql`(select s."priority" from "Slot" s where s."laneId" = ${below} and ${open}`;
  const itself = Prisma.raw(`"${name}"`);
  return Prisma.sql`
    select l."id" as "laneId", l."narrow", ${top(Prisma.sql`l."id"`)} order by s."priority" desc limit 1) as "priority", 1 as "depth"
    from lane l
    union all
    select v."laneId", v."narrow", ${top(Prisma.sql`v."laneId"`)} and s."priority" < v."priority" order by s."priority" desc limit 1), v."depth" + 1
    from ${itself} v where v."priority" is not null and v."depth" < ${maxLevels}`;
}

function belowLevel(level: Level, now: Date): { where: Prisma.Sql; order: Prisma.Sql } {
  const lane = Prisma.sql`s."laneId" = ${level.laneId} and s."priority" < ${level.priority}`;
  if (!level.lapsed) return { where: Prisma.sql`${lane} and s."state" = 'FREE'`, order: Prisma.sql`s."priority" desc, s."position"` };
  return {
    where: Prisma.sql`${lane} and s."state" = 'LEASED' and s."leaseExpiresAt" <= ${now}::timestamp`,
    order: Prisma.sql`s."priority" desc, s."leaseExpiresAt", s."position"`,
  };
}

function leaseOf(claimer: Claimer, now: Date, ahead: boolean, { where, order }: { where: Prisma.Sql; order: Prisma.Sql }): Prisma.Sql {
  return Prisma.sql`
    update "Slot" set "state" = 'LEASED', "annotatorId" = ${claimer.userId}, "leaseExpiresAt" = ${leaseExpiry(now, ahead)}::timestamp,
      "updatedAt" = ${now}::timestamp
    where "id" = (
      select s."id" from "Slot" s join "Task" t on t."id" = s."taskId"
      where ${where} and ${openTo(claimer)}
      order by ${order}
      limit 1
      for update of s skip locked)
    returning ${leasedSlot}`;
}
