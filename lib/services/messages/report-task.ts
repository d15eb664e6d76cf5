import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { storableText } from '#lib/domain/prompts';
import { reportCategories } from '#lib/domain/task-reports';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { limitWriting, writingLimit } from './limit-writing';

export const reportTaskInput = z
  .strictObject({
    assignmentId: z.uuid(),
    category: z.enum(reportCategories),
    text: storableText.trim().max(2000).default(''),
  })
  .refine(({ category, text }) => category !== 'OTHER' || text !== '', { path: ['text'], message: 'Say in a few words what is wrong.' });

/**
 * Tells the lead that a task is broken. The task itself is given back by a skip, which the page sends after it. The same
 * person reports a task once: again, while the lead has not decided, changes what he said.
 */
export async function reportTask(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof reportTaskInput>,
): Promise<{ reportId: string }> {
  const { assignmentId, category, text } = reportTaskInput.parse(input);
  const userId = requireUser(actor);
  const now = deps.clock.now();
  const assignment = await deps.db.assignment.findFirst({
    where: { id: assignmentId, annotatorId: userId },
    select: { taskId: true, task: { select: { projectId: true } } },
  });
  if (!assignment) throw new AppError('NOT_FOUND', 'This task is not yours.');
  const { taskId } = assignment;
  const { projectId } = assignment.task;
  await authorise(deps, actor, projectId, 'labeling.annotate');
  return deps.db.$transaction(async (tx) => {
    await limitWriting(tx, { userId, projectId, now, most: writingLimit.annotator });
    const open = await tx.taskReport.findFirst({ where: { taskId, reporterId: userId, resolvedAt: null }, select: { id: true } });
    if (open) {
      await tx.taskReport.update({ where: { id: open.id }, data: { category, text } });
      return { reportId: open.id };
    }
    const data = { projectId, taskId, reporterId: userId, category, text, createdAt: now };
    const { id } = await tx.taskReport.create({ data, select: { id: true } });
    return { reportId: id };
  });
}
