import type { FormSpec } from '#lib/domain/forms';
import type { Message } from '#lib/domain/prompts';
import type { AssignmentView } from '#lib/services/labeling/get-assignment-view';

/** What the page needs of an assignment: nothing here says who wrote an answer. */
export interface TaskView extends Pick<AssignmentView, 'assignmentId' | 'taskId' | 'kind' | 'mode' | 'contentFlags' | 'spec'> {
  readonly form: { readonly spec: FormSpec };
  readonly prompt: { readonly messages: readonly Message[] };
  /** In display order. */
  readonly responses: readonly { readonly id: string; readonly text: string }[];
  readonly guideline: { readonly version: number; readonly text: string };
  /** Unread ones of the project's lead. */
  readonly messages: number;
  readonly draft: unknown;
  readonly progress: Progress;
}

export interface Progress {
  readonly doneToday: number;
  readonly left: number;
}

/** Whether two views show the same answers in the same order. */
export function sameAnswers(a: TaskView, b: TaskView): boolean {
  return a.responses.length === b.responses.length && a.responses.every(({ id }, index) => id === b.responses[index]?.id);
}
