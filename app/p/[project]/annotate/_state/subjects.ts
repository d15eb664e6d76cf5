import type { TaskView } from './task-view';

type Of = 'responses' | 'task';

/** What a part asks of: each answer by its id, or the task as one. */
export function subjectsOf(of: Of, { responses }: TaskView): readonly string[] {
  return of === 'task' ? ['task'] : responses.map(({ id }) => id);
}

/** The subject that the cursor is at. */
export function subjectAt(of: Of, task: TaskView, answer: number): string {
  return of === 'task' ? 'task' : (task.responses[answer]?.id ?? '');
}

/** Whether this part makes the kind of the task; else it is asked besides. */
export function isMain({ form }: TaskView, type: string): boolean {
  return form.spec.parts[0]?.type === type;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
