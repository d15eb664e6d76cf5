import type { Tx } from '#lib/db/create-db';
import { loadStanding, type Standing } from './claim-standing';
import { heldAssignment, openLanes, openTo, unheld } from './claimable';

export interface Progress {
  /** Tasks this person judged in the project since midnight UTC, and ever. */
  readonly doneToday: number;
  readonly doneTotal: number;
  /** Tasks this person could still judge, with those already held; counted to 1,000 at most. */
  readonly left: number;
}

const countLimit = 1000;
/** Free slots that are looked at before it is asked of each task whether it is open to this person. */
const plenty = { slots: 4 * countLimit, tasks: countLimit + 200, knownForMs: 60_000, known: 10_000 } as const;
/** Until when it is known that more than the limit is left for a person: it does not run out so soon. */
const plentyUntil = new Map<string, number>();

/** One person's own numbers; nothing about what others did. */
export async function loadProgress(db: Tx, userId: string, projectId: string, now: Date): Promise<Progress> {
  return progressOf(db, await loadStanding(db, userId, projectId, now), now);
}

export async function progressOf(db: Tx, standing: Standing, now: Date): Promise<Progress> {
  const { doneToday, doneTotal, dailyQuota, totalQuota } = standing;
  const quotas = [countLimit, (dailyQuota ?? Infinity) - doneToday, (totalQuota ?? Infinity) - doneTotal];
  return { doneToday, doneTotal, left: Math.max(0, Math.min(await countLeft(db, standing, now), ...quotas)) };
}

async function countLeft(db: Tx, standing: Standing, now: Date): Promise<number> {
  if (await hasPlenty(db, standing, now)) return countLimit;
  const [row] = await db.$queryRaw<{ left: number }[]>`
    select (
      (select count(*) from "Assignment" a join "Slot" s on ${heldAssignment}
        where a."annotatorId" = ${standing.userId} and s."projectId" = ${standing.projectId})
      + (select count(*) from (
        select 1 from "Slot" s join "Task" t on t."id" = s."taskId"
        where s."laneId" in (select l."id" from ${openLanes(standing)}) and ${unheld(now)} and ${openTo(standing)}
        group by s."taskId" limit ${countLimit}) as counted))::int as "left"`;
  return row?.left ?? 0;
}

/**
 * Tasks enough lie free beyond this person's cursors, where he has done little yet: what he did there since the cursors were written are some
 * dozens. Reads a bounded number of slots, whatever the size of the project, and once a minute at most.
 */
async function hasPlenty(db: Tx, standing: Standing, now: Date): Promise<boolean> {
  const key = `${standing.projectId} ${standing.userId}`;
  if ((plentyUntil.get(key) ?? 0) > now.getTime()) return true;
  const [row] = await db.$queryRaw<{ tasks: number }[]>`
    select count(distinct "taskId")::int as "tasks" from (
      select s."taskId" from (select l."id" from ${openLanes(standing)}) lane
      cross join lateral (
        select s."priority" from "Slot" s where s."laneId" = lane."id" and s."state" = 'FREE' order by s."priority" desc limit 1) top
      left join "ClaimCursor" c on c."userId" = ${standing.userId} and c."laneId" = lane."id" and c."priority" = top."priority"
      cross join lateral (
        select s."taskId" from "Slot" s
        where s."laneId" = lane."id" and s."state" = 'FREE' and s."priority" = top."priority" and s."position" >= coalesce(c."position", 0)
        order by s."position" limit ${plenty.slots}) s
      limit ${plenty.slots}) as counted`;
  if ((row?.tasks ?? 0) < plenty.tasks) return false;
  if (plentyUntil.size >= plenty.known) plentyUntil.clear();
  plentyUntil.set(key, now.getTime() + plenty.knownForMs);
  return true;
}
