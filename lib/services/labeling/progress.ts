import type { Statements } from '#lib/db/direct-db';
import { Prisma } from '#lib/db/generated/client';
import { loadStanding, type Standing } from './claim-standing';
import { openLanes } from './claimable';
import { heldBy } from './held-tasks';

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
/** To all who have done few tasks the same is open, but for those few: one count serves them while it is far from its end. */
const newcomers = { done: 50, exactBelow: 200 } as const;
const mostKnown = 10_000;

/** What was left when it was counted last. */
interface Counted {
  readonly left: number;
  readonly doneTotal: number;
  readonly until: number;
}
const known = new Map<string, Counted>();
/** Counts that are under way: whoever asks the same meanwhile waits for them. */
const counting = new Map<string, Promise<number>>();

/** One person's own numbers; nothing about what others did. */
export async function loadProgress(db: Statements, userId: string, projectId: string, now: Date): Promise<Progress> {
  return progressOf(db, await loadStanding(db, userId, projectId, now), now);
}

export async function progressOf(db: Statements, standing: Standing, now: Date): Promise<Progress> {
  return progressWith(standing, await countLeft(db, standing, now));
}

/** The same where the database need not be asked; else null. */
export function knownProgress(standing: Standing, now: Date): Progress | null {
  const left = knownLeft(standing, now);
  return left === null ? null : progressWith(standing, left);
}

function progressWith({ doneToday, doneTotal, dailyQuota, totalQuota }: Standing, left: number): Progress {
  const most = Math.min(countLimit, left, (dailyQuota ?? Infinity) - doneToday, (totalQuota ?? Infinity) - doneTotal);
  return { doneToday, doneTotal, left: Math.max(0, most) };
}

async function countLeft(db: Statements, standing: Standing, now: Date): Promise<number> {
  const left = knownLeft(standing, now) ?? (await countedByOthers(standing));
  return Math.min(countLimit, left ?? (await count(db, standing, now)));
}

/** What was counted before, less what this person did since; null where that may be too far from the truth. */
function knownLeft(standing: Standing, now: Date): number | null {
  const before = known.get(keyOf(standing));
  if (!before || before.until <= now.getTime()) return null;
  const left = before.left - (standing.doneTotal - before.doneTotal);
  return Math.min(countLimit, left) >= exactBelow(standing) ? left : null;
}

/** Of many who come at once, one counts for all. */
async function countedByOthers(standing: Standing): Promise<number | null> {
  const left = await counting.get(keyOf(standing))?.catch(() => null);
  return left !== undefined && left !== null && left >= exactBelow(standing) ? left : null;
}

function exactBelow({ doneTotal }: Standing): number {
  return (doneTotal < newcomers.done ? newcomers : counted).exactBelow;
}

async function count(db: Statements, standing: Standing, now: Date): Promise<number> {
  const key = keyOf(standing);
  const counts = countSlots(db, standing, now);
  counting.set(key, counts);
  try {
    const left = await counts;
    if (known.size >= mostKnown) known.clear();
    const forMs = left >= plenty.tasks ? plenty.knownForMs : left * counted.msPerTask;
    known.set(key, { left, doneTotal: standing.doneTotal, until: now.getTime() + forMs });
    return left;
  } finally {
    if (counting.get(key) === counts) counting.delete(key);
  }
}

async function countSlots(db: Statements, standing: Standing, now: Date): Promise<number> {
  return (await hasPlenty(db, standing)) ? plenty.tasks : countOpen(db, standing, now);
}

/** Another wish, skill or language makes other tasks his. */
function keyOf({ projectId, userId, skills, languages, qualified, hidden, doneTotal }: Standing): string {
  return JSON.stringify([projectId, doneTotal < newcomers.done ? null : userId, skills, languages, qualified, hidden]);
}

/** The slots of each open lane are read from its index, and what is closed to the person is asked of each task: some thousand at most. */
async function countOpen(db: Statements, standing: Standing, now: Date): Promise<number> {
  const { userId, projectId } = standing;
  const shown = Prisma.sql`not s."contentFlags" && ${[...standing.hidden]}::text[]`;
  const [row] = await db.$queryRaw<{ left: number }[]>`
    with lane as materialized (select l."id" from ${openLanes(standing)}),
    open as materialized (
      select distinct u."taskId" from lane cross join lateral (
        (select s."taskId" from "Slot" s where s."laneId" = lane."id" and s."state" = 'FREE' and ${shown}
          order by s."priority" desc, s."position" limit ${plenty.slots})
        union all
        (select s."taskId" from "Slot" s
          where s."laneId" = lane."id" and s."state" = 'LEASED' and s."leaseExpiresAt" <= ${now}::timestamp and ${shown}
          order by s."priority" desc, s."leaseExpiresAt", s."position" limit ${plenty.slots})) u)
    select (
      (select count(*) from (${heldBy(userId, projectId)}) h)
      + (select count(*) from (
        select 1 from open
        where exists (select 1 from "Task" t
            where t."id" = open."taskId" and t."status" = 'OPEN' and not ${userId} = any(t."authorIds") offset 0)
          and not exists (select 1 from "Slot" o where o."taskId" = open."taskId" and o."annotatorId" = ${userId} offset 0)
          and not exists (select 1 from "Assignment" a where a."taskId" = open."taskId" and a."annotatorId" = ${userId}
            and (a."submittedAt" is not null or a."skipReason" is not null) offset 0)
          and not exists (select 1 from "Review" v where v."taskId" = open."taskId" and v."reviewerId" = ${userId} offset 0)
        limit ${countLimit}) as counted))::int as "left"`;
  return row?.left ?? 0;
}

/**
 * Tasks enough lie free beyond this person's cursors, where he has done little yet: what he did there since the cursors were written are some
 * dozens. Reads a bounded number of slots, whatever the size of the project.
 */
async function hasPlenty(db: Statements, standing: Standing): Promise<boolean> {
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
