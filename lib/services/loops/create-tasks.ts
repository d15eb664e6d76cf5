import { randomUUID } from 'node:crypto';
import type { Tx } from '#lib/db/create-db';
import { AppError } from '#lib/errors';
import { ensureForm } from '#lib/services/forms/ensure-form';

interface NewTask {
  readonly promptId: string;
  readonly responseIds: readonly string[];
}

interface NewTasks {
  readonly projectId: string;
  readonly roundId: string;
  readonly purpose: 'LABELING' | 'EVALUATION';
  readonly kind: 'RANKING' | 'PAIRWISE';
  readonly overlap: number;
  readonly tasks: readonly NewTask[];
}

/** Tasks with their responses and `overlap` free slots each, under the guideline and form that hold now. */
export async function createTasks(tx: Tx, input: NewTasks): Promise<void> {
  if (input.tasks.length === 0) return;
  const { projectId, roundId, purpose, kind, overlap } = input;
  const guideline = await tx.guideline.findFirst({ where: { projectId }, orderBy: { version: 'desc' }, select: { id: true } });
  if (!guideline) {
    throw new AppError('PRECONDITION', 'The project has no guideline yet, so nobody can be asked to compare answers.', {
      remedy: 'Write one in the settings of the project, then go on.',
    });
  }
  const form = await ensureForm(tx, projectId, kind);
  const rows = input.tasks.map((task) => ({ ...task, id: randomUUID() }));
  await tx.task.createMany({
    data: rows.map((task) => ({
      id: task.id,
      projectId,
      roundId,
      promptId: task.promptId,
      kind,
      purpose,
      guidelineId: guideline.id,
      formVersionId: form.id,
    })),
  });
  await tx.taskResponse.createMany({
    data: rows.flatMap((task) => task.responseIds.map((responseId, position) => ({ taskId: task.id, responseId, position }))),
  });
  await tx.slot.createMany({
    data: rows.flatMap((task) => Array.from({ length: overlap }, (_, ordinal) => ({ taskId: task.id, projectId, ordinal }))),
  });
}
