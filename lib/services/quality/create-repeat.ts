import type { Statements } from '#lib/db/direct-db';
import type { QualityPolicy } from '#lib/domain/quality/quality-policy';
import type { Random } from '#lib/domain/random';
import { copyTask } from './copy-task';

/** Kinds whose two answers can be held against each other. */
const comparableKinds = ['RANKING', 'PAIRWISE', 'RATING', 'FLAGS', 'SPAN'] as const;
/** So many of the person's newest annotations that are old enough are looked at. */
const lookBack = 400;

interface RepeatRequest {
  readonly userId: string;
  readonly projectId: string;
  readonly now: Date;
  readonly policy: QualityPolicy['repeats'];
  readonly random: Random;
}

/**
 * One of the person's own earlier tasks as a task for this person alone: old enough in hours and with enough tasks done
 * since. Its id is new, so the answers stand in another order. Null where none is old enough or all were repeated.
 */
export async function createRepeat(tx: Statements, { userId, projectId, now, policy, random }: RepeatRequest): Promise<string | null> {
  const cutoff = new Date(now.getTime() - policy.afterHours * 3_600_000);
  const rows = await tx.$queryRaw<{ taskId: string }[]>`
    select a."taskId" from (
      select n."id", n."taskId", n."createdAt" from "Annotation" n
      where n."annotatorId" = ${userId} and n."createdAt" <= ${cutoff}::timestamp
        and n."createdAt" <= (select k."createdAt" from "Annotation" k where k."annotatorId" = ${userId}
          order by k."createdAt" desc offset ${policy.afterTasks} limit 1)
      order by n."createdAt" desc limit ${lookBack}) a
    join "Task" t on t."id" = a."taskId"
    where t."projectId" = ${projectId} and t."purpose" in ('LABELING', 'EVALUATION') and t."kind"::text = any(${[...comparableKinds]})
      and exists (select 1 from "Slot" s where s."liveAnnotationId" = a."id")
      and not exists (select 1 from "Task" r where r."sourceTaskId" = t."id" and r."purpose" = 'REPEAT' and r."onlyUserId" = ${userId})
    order by a."createdAt" desc`;
  const picked = rows[Math.floor(random.next() * rows.length)];
  if (!picked) return null;
  return copyTask(tx, { sourceTaskId: picked.taskId, purpose: 'REPEAT', onlyUserId: userId, now });
}
