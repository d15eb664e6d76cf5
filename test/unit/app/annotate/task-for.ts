import type { FormPart, PartOf, PartType } from '#lib/domain/form-parts';
import { defaultForm, type FormSpec, type TaskKind } from '#lib/domain/forms';
import type { PartContext } from '../../../../app/p/[project]/annotate/_state/part-model';
import type { TaskView } from '../../../../app/p/[project]/annotate/_state/task-view';

/** A task of a kind with so many answers, r0, r1 ... */
export function taskFor(kind: TaskKind, answers: number, spec: FormSpec = defaultForm(kind)): TaskView {
  return {
    assignmentId: 'assignment',
    taskId: 'task',
    kind,
    mode: 'work',
    contentFlags: [],
    spec: {},
    form: { spec },
    prompt: { messages: [{ role: 'user', content: 'Why?' }] },
    responses: Array.from({ length: answers }, (_, index) => ({ id: `r${index}`, text: `Answer ${index}` })),
    guideline: { version: 1, text: '' },
    messages: 0,
    draft: null,
    progress: { doneToday: 0, left: 1 },
  };
}

export function contextFor<T extends PartType>(task: TaskView, type: T): PartContext<PartOf<T>> {
  const part = task.form.spec.parts.find((one: FormPart): one is PartOf<T> => one.type === type);
  if (part === undefined) throw new Error(`no part ${type}`);
  return { part, task };
}
