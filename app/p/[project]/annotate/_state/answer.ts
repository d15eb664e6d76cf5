import type { AnnotationContent } from '#lib/domain/annotation-content';
import type { FormPart, PartType } from '#lib/domain/form-parts';
import { modelOf } from '../_kinds/models';
import type { Line } from './line';
import type { Cursor, Missing, PartContext } from './part-model';
import type { TaskView } from './task-view';

/** The judgement being made: one state for each part of the form, and where the keyboard stands. */
export interface Answer {
  readonly at: Cursor;
  readonly parts: Readonly<Partial<Record<PartType, unknown>>>;
}

/** Kept while a task is open, in this browser and on the server. */
export interface Draft {
  readonly parts: Readonly<Record<string, unknown>>;
  readonly activeMs: number;
  /** Milliseconds since 1970, by this browser: the later of two drafts wins. */
  readonly at: number;
}

export interface Opened {
  readonly answer: Answer;
  readonly activeMs: number;
  /** Null where nothing was kept. */
  readonly draftedAt: number | null;
}

const start: Cursor = { answer: 0, item: 0 };

/** What this task was left with: the later of the two drafts, or what was sent before it was taken back. */
export function openAnswer(view: TaskView, local: unknown): Opened {
  const [mine, servers] = [readDraft(local), readDraft(view.draft)];
  const draft = mine !== null && (servers === null || mine.at >= servers.at) ? mine : servers;
  if (draft === null && isRecord(view.draft) && Object.keys(view.draft).length > 0) {
    return { answer: openSent(view, view.draft), activeMs: 0, draftedAt: 0 };
  }
  const answer = answerOf(view, (context) => modelOf(context.part.type).open(context, draft?.parts[context.part.type] ?? null));
  return { answer, activeMs: draft?.activeMs ?? 0, draftedAt: draft?.at ?? null };
}

/** What was sent, to be changed. */
export function openSent(view: TaskView, content: AnnotationContent): Answer {
  return answerOf(view, (context) => modelOf(context.part.type).restore(context, content));
}

/** One action of one part. The same object where nothing changes; `parts` is the same where only the cursor moves. */
export function act(view: TaskView, answer: Answer, type: PartType, action: unknown): Answer {
  const context = contextOf(view, type);
  if (context === null) return answer;
  const before = answer.parts[type];
  const after = modelOf(type).reduce({ state: before, at: answer.at }, action, context);
  if (after.state === before) return after.at === answer.at ? answer : { ...answer, at: after.at };
  return { at: after.at, parts: { ...answer.parts, [type]: after.state } };
}

export function moveTo(view: TaskView, answer: Answer, at: Partial<Cursor>): Answer {
  const to = Math.max(0, Math.min(at.answer ?? answer.at.answer, view.responses.length - 1));
  const item = Math.max(0, at.item ?? (to === answer.at.answer ? answer.at.item : 0));
  return to === answer.at.answer && item === answer.at.item ? answer : { ...answer, at: { answer: to, item } };
}

/** Of the first part that is not complete: the part that makes the kind comes first. */
export function missingOf(view: TaskView, answer: Answer): (Missing & { readonly part: PartType }) | null {
  for (const part of view.form.spec.parts) {
    const missing = modelOf(part.type).missing(answer.parts[part.type], { part, task: view });
    if (missing !== null) return { ...missing, part: part.type };
  }
  return null;
}

export function contentOf(view: TaskView, answer: Answer): AnnotationContent {
  return Object.assign(
    {},
    ...view.form.spec.parts.map((part) => modelOf(part.type).content(answer.parts[part.type], { part, task: view })),
  );
}

/** The judgement in a few words, by the part that makes the kind. */
export function summaryOf(view: TaskView, answer: Answer): Line | null {
  const [part] = view.form.spec.parts;
  return part === undefined ? null : (modelOf(part.type).summary?.(answer.parts[part.type], { part, task: view }) ?? null);
}

export function toDraft(view: TaskView, answer: Answer, activeMs: number, at: number): Draft {
  const parts = view.form.spec.parts.map((part) => [part.type, modelOf(part.type).draft(answer.parts[part.type], { part, task: view })]);
  return { parts: Object.fromEntries(parts), activeMs, at };
}

export function contextOf(view: TaskView, type: PartType): PartContext | null {
  const part = view.form.spec.parts.find((one) => one.type === type);
  return part === undefined ? null : { part, task: view };
}

function answerOf(view: TaskView, open: (context: PartContext) => unknown): Answer {
  const states = view.form.spec.parts.map((part: FormPart) => [part.type, open({ part, task: view })] as const);
  return { at: start, parts: Object.fromEntries(states) };
}

/** Drafts of the first release hold `places` by response. */
function readDraft(value: unknown): Draft | null {
  if (!isRecord(value)) return null;
  const { parts, places, activeMs, at } = value;
  const kept = isRecord(parts) ? parts : isRecord(places) ? { ranking: places } : null;
  if (kept === null) return null;
  return { parts: kept, activeMs: typeof activeMs === 'number' ? activeMs : 0, at: typeof at === 'number' ? at : 0 };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
