import type { AnnotationContent } from '#lib/domain/annotation-content';
import { ActiveTime } from './active-time';
import { type Draft, openAnswer, openSent } from './answer';
import { change, newHistory } from './history';
import type { OpenTask } from './screen-state';
import type { TaskView } from './task-view';

/** A task as it comes, with what this browser or the server kept of it. */
export function opened(view: TaskView, kept: unknown, now: number): OpenTask {
  const { answer, activeMs, draftedAt } = openAnswer(view, kept);
  return { view, ...newHistory(answer), time: new ActiveTime(now, activeMs), draftedAt, corrects: null };
}

/** An own annotation with its task, to be changed; as far as it was changed before, where this browser kept that. */
export function reopened(annotationId: string, sent: { view: TaskView; content: AnnotationContent }, kept: unknown, now: number): OpenTask {
  const { view, content } = sent;
  const answer = kept === null ? openSent(view, content) : openAnswer(view, kept).answer;
  return { view, ...newHistory(answer), time: new ActiveTime(now), draftedAt: null, corrects: annotationId };
}

/** The task as another page of the same person left it: one step that can be undone. */
export function followed(task: OpenTask, draft: Draft, now: number): OpenTask {
  const { answer } = openAnswer(task.view, draft);
  return { ...task, ...change(task, { ...answer, at: task.answer.at }, now) };
}
