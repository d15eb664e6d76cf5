import type { Statements } from '#lib/db/direct-db';
import { Prisma } from '#lib/db/generated/client';
import { AppError } from '#lib/errors';
import type { LabelStanding } from '#lib/services/review/after-label';
import { unheld } from './claimable';
import { type Acknowledgement, acknowledgementOf, type KeptAnnotation, lockTask } from './write-annotation';

interface Submission {
  readonly userId: string;
  readonly assignmentId: string;
  readonly idempotencyKey: string;
}

export interface OpenSubmission {
  /** The acknowledgement given before under this key: nothing more is to be written. */
  readonly before: Acknowledgement | null;
  /**
   * The slot that the submission fills, locked: the one of this task that the person holds (also after the lease ran out, as long as nobody took
   * it), else any other that nobody holds; null: surplus. One person fills at most one slot of a task.
   */
  readonly slotId: string | null;
  /** What is known of the task's labels without this one. */
  readonly labels: LabelStanding;
}

type Row = { [K in keyof KeptAnnotation]: KeptAnnotation[K] | null } & LabelStanding & {
    readonly ownId: string | null;
    readonly ownHeld: boolean | null;
    readonly otherId: string | null;
  };

/**
 * Locks the task of the submission, and tells what it finds there. Both statements are sent at once; the second begins when the lock is had,
 * and sees all that was sent before.
 * @throws AppError CONFLICT where the key was used for something else; NOT_FOUND where the assignment is not this person's
 */
export async function openSubmission(tx: Statements, submission: Submission, now: Date): Promise<OpenSubmission> {
  const { userId, assignmentId } = submission;
  const taskId = Prisma.sql`(select a."taskId" from "Assignment" a where a."id" = ${assignmentId} and a."annotatorId" = ${userId})`;
  const [, row] = await Promise.all([lockTask(tx, taskId), findRow(tx, taskId, submission, now)]);
  if (!row) throw new AppError('NOT_FOUND', 'This task is not yours.');
  const own = row.ownId === null ? row.otherId : row.ownHeld === true ? row.ownId : null;
  const { labels, ordered, scored } = row;
  return { before: keptBefore(row, assignmentId), slotId: own, labels: { labels, ordered, scored } };
}

async function findRow(tx: Statements, taskId: Prisma.Sql, { userId, idempotencyKey }: Submission, now: Date): Promise<Row | undefined> {
  const [row] = await tx.$queryRaw<Row[]>`
    with own as (
      select "id", ("state" = 'LEASED') as "held" from "Slot" where "taskId" = ${taskId} and "annotatorId" = ${userId} for update),
    other as (
      select s."id" from "Slot" s where s."taskId" = ${taskId} and ${unheld(now)} and not exists (select 1 from own)
      order by s."ordinal" limit 1 for update skip locked)
    select k."id", k."taskId", k."surplus", k."createdAt", k."assignmentId", k."supersedesId", k."withdrawsId",
      own."id" as "ownId", own."held" as "ownHeld", other."id" as "otherId",
      (select count(*)::int from "Slot" s where s."taskId" = t."id" and s."liveAnnotationId" is not null) as "labels",
      (t."disagreement" is not null or t."surprise" is not null) as "ordered",
      exists (select 1 from "TaskResponse" tr join "ResponseScore" x on x."responseId" = tr."responseId" where tr."taskId" = t."id") as "scored"
    from "Task" t
    left join "Annotation" k on k."annotatorId" = ${userId} and k."idempotencyKey" = ${idempotencyKey}
    left join own on true
    left join other on true
    where t."id" = ${taskId}`;
  return row;
}

function keptBefore(row: Row, assignmentId: string): Acknowledgement | null {
  const { id, taskId, surplus, createdAt, supersedesId, withdrawsId } = row;
  if (id === null || taskId === null || surplus === null || createdAt === null) return null;
  const kept = { id, taskId, surplus, createdAt, assignmentId: row.assignmentId, supersedesId, withdrawsId };
  return acknowledgementOf(kept, { assignmentId });
}
