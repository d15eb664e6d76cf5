import type { Tx } from '#lib/db/create-db';
import { displayOrder } from '#lib/domain/display-order';
import { type FormSpec, parseFormSpec, type TaskKind } from '#lib/domain/forms';
import { type Message, messagesSchema } from '#lib/domain/prompts';
import { AppError } from '#lib/errors';

/** A task as a reviewer sees it before he has judged it himself: what annotators saw, in an order of his own; no label, no name, no score. */
export interface ReviewTask {
  readonly taskId: string;
  readonly projectId: string;
  readonly kind: TaskKind;
  readonly prompt: { readonly messages: readonly Message[] };
  readonly responses: readonly { readonly id: string; readonly text: string }[];
  readonly guideline: { readonly version: number; readonly text: string };
  readonly form: { readonly version: number; readonly spec: FormSpec };
}

export async function loadReviewTask(db: Tx, taskId: string, reviewerId: string): Promise<ReviewTask> {
  const task = await db.task.findUnique({
    where: { id: taskId },
    select: {
      projectId: true,
      kind: true,
      purpose: true,
      prompt: { select: { messages: true } },
      guideline: { select: { version: true, text: true } },
      formVersion: { select: { version: true, spec: true } },
      responses: { select: { response: { select: { id: true, text: true } } } },
    },
  });
  if (task?.purpose !== 'LABELING') throw new AppError('NOT_FOUND', 'There is no such task to review.', { details: { taskId } });
  const texts = new Map(task.responses.map(({ response }) => [response.id, response.text]));
  return {
    taskId,
    projectId: task.projectId,
    kind: task.kind,
    prompt: { messages: messagesSchema.parse(task.prompt.messages) },
    responses: displayOrder([...texts.keys()], reviewerId, taskId).map((id) => ({ id, text: texts.get(id) ?? '' })),
    guideline: task.guideline,
    form: { version: task.formVersion.version, spec: parseFormSpec(task.formVersion.spec) },
  };
}

/** @throws AppError PRECONDITION where he labelled the task himself: his own label would be one of those he judges */
export async function requireNotAnnotator(db: Tx, taskId: string, reviewerId: string): Promise<void> {
  const own = await db.annotation.count({ where: { taskId, annotatorId: reviewerId } });
  if (own > 0) {
    throw new AppError('PRECONDITION', 'You labeled this task yourself, so another reviewer has to decide it.', {
      remedy: 'Go on with the next task of the queue.',
    });
  }
}
