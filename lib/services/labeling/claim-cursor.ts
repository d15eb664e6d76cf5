import type { Statements } from '#lib/db/direct-db';
import { basisOf, inLevel, type Level, type Visit } from './claim-level';
import type { Standing } from './claim-standing';
import { type Claimer, closedForGood } from './claimable';

/** Places that a claim may look at again before the cursor is written anew. */
const worthwhile = { many: 256n, few: 4096n } as const;
/** Who has done so few tasks and hides nothing has few free places behind him that are closed to him: the others are taken, and cost no look. */
const fewDone = 50;
type Mover = Pick<Standing, 'hidden' | 'doneTotal'>;

/** First key of the advisory locks of lanes; also in the function next_slot_position of the database. */
const laneLocks = 7112;

/** Whether the cursor of a level is to be moved after this visit. */
export function isWorthMoving({ hidden, doneTotal }: Mover, { level, claimedAt }: Visit): boolean {
  if (level.lapsed || claimedAt === null) return true;
  return claimedAt - level.position >= (hidden.length === 0 && doneTotal < fewDone ? worthwhile.few : worthwhile.many);
}

/**
 * Moves the person's cursors up to the first slot that may still become his. To be called last in the transaction of a claim. The lock on
 * the lane is tried, never waited for: whoever adds places to it holds it until they are committed, and then the cursor stays.
 */
export async function moveCursors(tx: Statements, claimer: Claimer & Mover, visits: readonly Visit[], now: Date): Promise<void> {
  for (const { level } of visits.filter((visit) => isWorthMoving(claimer, visit))) {
    const [lock] = await tx.$queryRaw<
      { free: boolean }[]
    >`select pg_try_advisory_xact_lock(${laneLocks}::int, ${level.laneId}::int) as "free"`;
    if (!lock?.free) continue;
    if (level.lapsed) await moveLapsed(tx, claimer, level, now);
    else await moveFree(tx, claimer, level, now);
  }
}

async function moveFree(tx: Statements, claimer: Claimer, level: Level, now: Date): Promise<void> {
  const { first, last } = await ends(tx, claimer, level, now);
  const position = first?.position ?? (last ? last.position + 1n : level.position);
  const basis = basisOf(claimer);
  await tx.$executeRaw`
    insert into "ClaimCursor" ("userId", "laneId", "priority", "position", "basis")
    values (${claimer.userId}, ${level.laneId}, ${level.priority}, ${position}, ${basis})
    on conflict ("userId", "laneId", "priority") do update set "position" = excluded."position", "basis" = excluded."basis",
      "expiredAt" = case when "ClaimCursor"."basis" = excluded."basis" then "ClaimCursor"."expiredAt" end,
      "expiredPosition" = case when "ClaimCursor"."basis" = excluded."basis" then "ClaimCursor"."expiredPosition" else 0 end`;
}

async function moveLapsed(tx: Statements, claimer: Claimer, level: Level, now: Date): Promise<void> {
  const { first, last } = await ends(tx, claimer, level, now);
  if (!first && !last) return;
  const expiredAt = first?.leaseExpiresAt ?? last?.leaseExpiresAt ?? null;
  const position = first?.position ?? (last ? last.position + 1n : 0n);
  const basis = basisOf(claimer);
  await tx.$executeRaw`
    insert into "ClaimCursor" ("userId", "laneId", "priority", "expiredAt", "expiredPosition", "basis")
    values (${claimer.userId}, ${level.laneId}, ${level.priority}, ${expiredAt}::timestamp, ${position}, ${basis})
    on conflict ("userId", "laneId", "priority") do update set "expiredAt" = excluded."expiredAt",
      "expiredPosition" = excluded."expiredPosition", "basis" = excluded."basis",
      "position" = case when "ClaimCursor"."basis" = excluded."basis" then "ClaimCursor"."position" else 0 end`;
}

interface End {
  readonly position: bigint;
  readonly leaseExpiresAt: Date | null;
}

/** The first slot that is not closed to the person for good; where there is none, the last of all. */
async function ends(tx: Statements, claimer: Claimer, level: Level, now: Date): Promise<{ first?: End; last?: End }> {
  const { where, order, reverse } = inLevel(level, now);
  const [first] = await tx.$queryRaw<End[]>`
    select s."position", s."leaseExpiresAt" from "Slot" s join "Task" t on t."id" = s."taskId"
    where ${where} and not ${closedForGood(claimer)} order by ${order} limit 1`;
  if (first) return { first };
  const [last] = await tx.$queryRaw<End[]>`
    select s."position", s."leaseExpiresAt" from "Slot" s where ${where} order by ${reverse} limit 1`;
  return last ? { last } : {};
}
