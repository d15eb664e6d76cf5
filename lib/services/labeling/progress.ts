import type { Tx } from '#lib/db/create-db';
import { heldAssignment, openTo, unheld } from './claimable';

export interface Progress {
  /** Tasks this person judged in the project since midnight UTC, and ever. */
  readonly doneToday: number;
  readonly doneTotal: number;
  /** Tasks this person could still judge, with those already held; counted to 1,000 at most. */
  readonly left: number;
}

const countLimit = 1000;

/** One person's own numbers; nothing about what others did. */
export async function loadProgress(db: Tx, userId: string, projectId: string, now: Date): Promise<Progress> {
  const midnight = new Date(now);
  midnight.setUTCHours(0, 0, 0, 0);
  const [row] = await db.$queryRaw<{ doneToday: number; doneTotal: number; held: number; open: number }[]>`
    select
      (select count(*)::int from "Assignment" a join "Task" t on t."id" = a."taskId"
        where a."annotatorId" = ${userId} and t."projectId" = ${projectId} and a."submittedAt" >= ${midnight}::timestamp) as "doneToday",
      (select count(*)::int from "Assignment" a join "Task" t on t."id" = a."taskId"
        where a."annotatorId" = ${userId} and t."projectId" = ${projectId} and a."submittedAt" is not null) as "doneTotal",
      (select count(*)::int from "Assignment" a join "Slot" s on ${heldAssignment}
        where a."annotatorId" = ${userId} and s."projectId" = ${projectId}) as "held",
      (select count(*)::int from (
        select 1 from "Slot" s join "Task" t on t."id" = s."taskId" left join "Round" r on r."id" = t."roundId"
        where ${openTo(userId, projectId)} and ${unheld(now)}
        group by s."taskId" limit ${countLimit}) as counted) as "open"`;
  const { doneToday = 0, doneTotal = 0, held = 0, open = 0 } = row ?? {};
  return { doneToday, doneTotal, left: Math.min(countLimit, held + open) };
}
