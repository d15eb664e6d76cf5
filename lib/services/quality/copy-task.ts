import { randomUUID } from 'node:crypto';
import type { Statements } from '#lib/db/direct-db';
import type { TaskPurpose } from '#lib/db/generated/client';
import { AppError } from '#lib/errors';

interface TaskCopy {
  readonly sourceTaskId: string;
  readonly purpose: Extract<TaskPurpose, 'GOLD' | 'REPEAT' | 'TRAINING' | 'QUALIFICATION'>;
  readonly onlyUserId?: string;
  readonly now: Date;
}

/**
 * The same question once more as a task of its own: prompt, answers, guideline, form and rules of the source, no slots
 * (each person who is given it gets one of his own) and no round, so that no snapshot and no round counts it.
 */
export async function copyTask(tx: Statements, { sourceTaskId, purpose, onlyUserId, now }: TaskCopy): Promise<string> {
  const id = randomUUID();
  const made = await tx.$executeRaw`
    insert into "Task" ("id", "projectId", "promptId", "kind", "purpose", "guidelineId", "formVersionId", "poolId", "contentFlags", "authorIds",
      "spec", "sourceTaskId", "onlyUserId", "createdAt")
    select ${id}, t."projectId", t."promptId", t."kind", ${purpose}::"TaskPurpose", t."guidelineId", t."formVersionId", t."poolId",
      t."contentFlags", t."authorIds", t."spec", t."id", ${onlyUserId ?? null}, ${now}::timestamp
    from "Task" t where t."id" = ${sourceTaskId}`;
  if (made === 0) throw new AppError('NOT_FOUND', 'There is no such task.');
  await tx.$executeRaw`
    insert into "TaskResponse" ("taskId", "responseId", "position")
    select ${id}, r."responseId", r."position" from "TaskResponse" r where r."taskId" = ${sourceTaskId}`;
  return id;
}
