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
const plenty = { slots: 4 * countLimit, tasks: countLimit + 200, knownForMs: 60_000 } as const;
/** A count that is far from its end is asked anew after a time that grows with it: a thousand after twenty seconds, a few each time. */
const counted = { msPerTask: 20, exactBelow: 25 } as const;
const mostKnown = 10_000;

/** What was left for a person when it was counted last; what he did since is taken off. */
interface Counted {
  readonly left: number;
  readonly doneTotal: number;
  readonly until: number;
}
const known = new Map<string, Counted>();

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
  const key = keyOf(standing);
  const before = known.get(key);
  if (before && before.until > now.getTime()) {
    const left = Math.min(countLimit, before.left - (standing.doneTotal - before.doneTotal));
    if (left >= counted.exactBelow) return left;
  }
  if (known.size >= mostKnown) known.clear();
  const remember = (left: number, forMs: number) => known.set(key, { left, doneTotal: standing.doneTotal, until: now.getTime() + forMs });
  if (await hasPlenty(db, standing)) {
    remember(plenty.tasks, plenty.knownForMs);
    return countLimit;
  }
  const left = await countOpen(db, standing, now);
  remember(left, left * counted.msPerTask);
  return left;
}

/** Another wish, skill or language makes other tasks his. */
function keyOf({ projectId, userId, skills, languages, qualified, hidden }: Standing): string {
  return JSON.stringify([projectId, userId, skills, languages, qualified, hidden]);
}

async function countOpen(db: Tx, standing: Standing, now: Date): Promise<number> {
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
 * dozens. Reads a bounded number of slots, whatever the size of the project.
 */
async function hasPlenty(db: Tx, standing: Standing): Promise<boolean> {
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
  return (row?.tasks ?? 0) >= plenty.tasks;
}
