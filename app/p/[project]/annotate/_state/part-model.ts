import type { AnnotationContent } from '#lib/domain/annotation-content';
import type { FormPart } from '#lib/domain/forms';
import type { Line } from './line';
import type { Press } from './press';
import type { TaskView } from './task-view';

/** Where the keyboard stands: on which answer, and on which item of it (an attribute, a flag, a mark). No part of the judgement. */
export interface Cursor {
  readonly answer: number;
  readonly item: number;
}

/** A part's state and the cursor: what its actions change. A moved cursor alone leaves `state` the same object. */
export interface Scope<State> {
  readonly state: State;
  readonly at: Cursor;
}

export interface PartContext<Part = FormPart> {
  readonly part: Part;
  readonly task: TaskView;
}

/** Why Submit waits and what to do about it. */
export interface Missing {
  readonly title: Line;
  readonly todo?: Line;
}

/**
 * One part of a form, without React, time or network: what is judged, how keys change it, when it is complete, what is sent.
 * States are immutable values; `reduce` gives the same object back where nothing changes, for undo and drafts go by identity.
 */
export interface PartModel<Part, State, Action> {
  /** The empty state, or the one that `draft` kept. What does not fit the task is dropped: a stale draft invents no judgement. */
  open(context: PartContext<Part>, kept: unknown): State;
  /** The state that sent this content. */
  restore(context: PartContext<Part>, content: AnnotationContent): State;
  reduce(scope: Scope<State>, action: Action, context: PartContext<Part>): Scope<State>;
  /** JSON, keyed by response ids, so that it fits any display order. */
  draft(state: State, context: PartContext<Part>): unknown;
  missing(state: State, context: PartContext<Part>): Missing | null;
  content(state: State, context: PartContext<Part>): AnnotationContent;
  /** What a key does here; null leaves it to the page. */
  key(press: Press, scope: Scope<State>, context: PartContext<Part>): Action | null;
  /** What the live region says of a change. */
  said(action: Action, before: State, after: State, context: PartContext<Part>): Line | null;
  /** The judgement in a few words, once it is complete. */
  summary?(state: State, context: PartContext<Part>): Line | null;
  /** Whether this action answers the whole task, so that one key can also send it. */
  answers?(action: Action): boolean;
}
