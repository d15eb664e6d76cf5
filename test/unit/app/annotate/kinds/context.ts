import type { FormPart, FormSpec } from '#lib/domain/forms';
import type { PartContext } from '../../../../../app/p/[project]/annotate/_state/part-model';
import type { TaskView } from '../../../../../app/p/[project]/annotate/_state/task-view';

/** A task with this form and these answers, as a part sees it. */
export function contextFor<Part extends FormPart>(
  form: FormSpec,
  part: Part,
  responses: readonly { id: string; text: string }[],
): PartContext<Part> {
  const task: TaskView = {
    assignmentId: 'a1',
    taskId: 't1',
    kind: form.kind,
    mode: 'work',
    contentFlags: [],
    spec: {},
    form: { spec: form },
    prompt: { messages: [{ role: 'user', content: 'Why?' }] },
    responses,
    guideline: { version: 1, text: '' },
    messages: 0,
    draft: null,
    progress: { doneToday: 0, left: 1 },
  };
  return { part, task };
}
