import { randomUUID } from 'node:crypto';
import type { Tx } from '#lib/db/create-db';
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
export async function copyTask(tx: Tx, { sourceTaskId, purpose, onlyUserId, now }: TaskCopy): Promise<string> {
  const source = await tx.task.findUnique({
    where: { id: sourceTaskId },
    include: { responses: { orderBy: { position: 'asc' }, select: { responseId: true, position: true } } },
  });
  if (!source) throw new AppError('NOT_FOUND', 'There is no such task.');
  const id = randomUUID();
  const { projectId, promptId, kind, guidelineId, formVersionId, poolId, contentFlags, authorIds, spec } = source;
  await tx.task.create({
    data: {
      id,
      projectId,
      promptId,
      kind,
      purpose,
      guidelineId,
      formVersionId,
      poolId,
      contentFlags,
      authorIds,
      spec: spec ?? {},
      sourceTaskId,
      onlyUserId: onlyUserId ?? null,
      createdAt: now,
    },
  });
  await tx.taskResponse.createMany({ data: source.responses.map((response) => ({ taskId: id, ...response })) });
  return id;
}
