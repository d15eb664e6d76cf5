import { contentOf, summaryOf } from './answer';
import type { Acknowledgement, LabelingApi, LastSent, OpenTask, TaskLetter } from './screen-state';

/** What a complete task is sent as, and what is kept to take it back. */
export function judgementLetter(task: OpenTask): { letter: TaskLetter; lastSent: LastSent | null } {
  const { view, answer, time, corrects } = task;
  const key = crypto.randomUUID();
  const letter = { key, assignmentId: view.assignmentId, tries: 0, content: contentOf(view, answer), activeMs: time.ms };
  if (corrects !== null) return { letter: { ...letter, kind: 'correct', annotationId: corrects }, lastSent: null };
  return { letter: { ...letter, kind: 'submit' }, lastSent: { key, task, summary: summaryOf(view, answer), annotationId: null } };
}

export async function sendLetter(api: LabelingApi, letter: TaskLetter): Promise<Acknowledgement> {
  const { assignmentId } = letter;
  switch (letter.kind) {
    case 'submit':
      return api.submit({ assignmentId, idempotencyKey: letter.key, content: letter.content, activeMs: letter.activeMs });
    case 'correct': {
      const { annotationId, content, activeMs } = letter;
      return { ...(await api.correct({ annotationId, idempotencyKey: letter.key, content, activeMs })), next: null };
    }
    case 'skip':
      return { annotationId: null, surplus: false, next: (await api.skip({ assignmentId, reason: letter.reason })).next };
  }
}
