import type { PartOf } from '#lib/domain/form-parts';
import type { Line } from '../../_state/line';
import type { Cursor, PartContext, PartModel } from '../../_state/part-model';
import { isMain, isRecord, subjectAt, subjectsOf } from '../../_state/subjects';

type Part = PartOf<'rating'>;
type Attribute = Part['attributes'][number];

/** Scores by subject (a response id, or 'task') and attribute. */
export type RatingState = Readonly<Record<string, Readonly<Record<string, number>>>>;

export type RatingAction =
  | { readonly type: 'rate'; readonly answer: number; readonly item: number; readonly score: number | null }
  /** A digit: the score it stands for on the scale of the attribute at the cursor. */
  | { readonly type: 'digit'; readonly digit: number; readonly answer: number; readonly item: number }
  | { readonly type: 'item'; readonly by: 1 | -1; readonly answer: number; readonly item: number };

/** The steps of a scale, lowest first. */
export function scaleOf({ min, max }: Attribute): number[] {
  return Array.from({ length: max - min + 1 }, (_, step) => min + step);
}

/** The digit that sets a score: the score itself where digits reach, else its step counted from 1, the tenth as 0. */
export function digitOf(attribute: Attribute, score: number): number | null {
  if (attribute.min >= 0 && attribute.max <= 9) return score;
  const step = score - attribute.min + 1;
  return step < 10 ? step : step === 10 ? 0 : null;
}

export const ratingModel: PartModel<Part, RatingState, RatingAction> = {
  open({ part, task }, kept) {
    return read(part, subjectsOf(part.of, task), kept);
  },

  restore({ part, task }, { ratings }) {
    return read(part, subjectsOf(part.of, task), ratings);
  },

  reduce({ state, at }, action, context) {
    const { part, task } = context;
    if (action.type === 'item') return move(state, at, action, part, task.responses.length);
    const attribute = part.attributes[action.item];
    if (attribute === undefined) return { state, at };
    const score =
      action.type === 'rate' ? action.score : (scaleOf(attribute).find((one) => digitOf(attribute, one) === action.digit) ?? undefined);
    if (score === undefined) return { state, at };
    const subject = subjectAt(part.of, task, action.answer);
    const next = withScore(state, subject, attribute.key, score);
    const here: Cursor = { answer: action.answer, item: action.item };
    return { state: next, at: action.type === 'digit' ? (onward(next, here, context) ?? here) : here };
  },

  draft: (state) => state,

  missing(state, { part, task }) {
    const open = openAttributes(state, part, subjectsOf(part.of, task));
    const [first] = open;
    if (first === undefined) return null;
    const todo: Line = isMain(task, 'rating')
      ? {
          key: 'annotate.rating.missingDo',
          values: { min: digitOf(first.attribute, first.attribute.min) ?? 1, max: digitOf(first.attribute, first.attribute.max) ?? 9 },
        }
      : { key: 'annotate.rating.missingSheet' };
    if (open.length > 1) return { title: { key: 'annotate.rating.missingMany', values: { count: open.length } }, todo };
    const values = { label: first.attribute.label };
    return part.of === 'task'
      ? { title: { key: 'annotate.rating.missingTask', values }, todo }
      : { title: { key: 'annotate.rating.missingOne', values, names: { name: [first.subject] } }, todo };
  },

  content: (state) => ({ ratings: Object.fromEntries(Object.entries(state).filter(([, scores]) => Object.keys(scores).length > 0)) }),

  key(press, { at }, { part }) {
    const item = Math.min(at.item, part.attributes.length - 1);
    const where = { answer: at.answer, item };
    if (press.type === 'digit') return { type: 'digit', digit: press.digit, ...where };
    if (press.type === 'erase') return { type: 'rate', score: null, ...where };
    if (press.type === 'arrow' && !press.shift && press.to === 'up') return { type: 'item', by: -1, ...where };
    if (press.type === 'arrow' && !press.shift && press.to === 'down') return { type: 'item', by: 1, ...where };
    return null;
  },

  said(action, before, after, { part, task }) {
    if (action.type === 'item' || before === after) return null;
    const attribute = part.attributes[action.item];
    if (attribute === undefined) return null;
    const score = after[subjectAt(part.of, task, action.answer)]?.[attribute.key];
    const values = { label: attribute.label, score: score ?? '–' };
    return part.of === 'task'
      ? { key: 'annotate.rating.saidTask', values }
      : { key: 'annotate.rating.said', values, names: { name: [action.answer] } };
  },
};

function move(state: RatingState, at: Cursor, action: Extract<RatingAction, { type: 'item' }>, part: Part, answers: number) {
  const last = part.attributes.length - 1;
  let { answer, item } = { answer: action.answer, item: action.item + action.by };
  const responses = part.of === 'responses';
  if (item > last && responses && answer < answers - 1) [answer, item] = [answer + 1, 0];
  else if (item < 0 && responses && answer > 0) [answer, item] = [answer - 1, last];
  item = Math.max(0, Math.min(last, item));
  return { state, at: answer === at.answer && item === at.item ? at : { answer, item } };
}

function withScore(state: RatingState, subject: string, key: string, score: number | null): RatingState {
  const { [key]: before, ...others } = state[subject] ?? {};
  if ((before ?? null) === score) return state;
  return { ...state, [subject]: score === null ? others : { ...others, [key]: score } };
}

/** Where the hand goes on: the next attribute of this answer without a score, then the next answer's first. */
function onward(state: RatingState, at: Cursor, { part, task }: PartContext<Part>): Cursor | null {
  const subjects = subjectsOf(part.of, task);
  const order = part.of === 'task' ? [0] : subjects.map((_, step) => (at.answer + step) % subjects.length);
  for (const answer of order) {
    const scores = state[subjects[answer] ?? ''] ?? {};
    const first = answer === at.answer || part.of === 'task' ? at.item + 1 : 0;
    const item = part.attributes.findIndex(({ key }, index) => index >= first && scores[key] === undefined);
    if (item >= 0) return { answer: part.of === 'task' ? at.answer : answer, item };
  }
  return null;
}

function openAttributes(state: RatingState, { attributes }: Part, subjects: readonly string[]) {
  return subjects.flatMap((id, subject) =>
    attributes.filter(({ key, required }) => required && state[id]?.[key] === undefined).map((attribute) => ({ subject, attribute })),
  );
}

function read({ attributes }: Part, subjects: readonly string[], kept: unknown): RatingState {
  const given = isRecord(kept) ? kept : {};
  const state: Record<string, Record<string, number>> = {};
  for (const subject of subjects) {
    const scores = isRecord(given[subject]) ? given[subject] : {};
    const fitting = attributes.flatMap(({ key, min, max }) => {
      const score = scores[key];
      return typeof score === 'number' && Number.isInteger(score) && score >= min && score <= max ? [[key, score] as const] : [];
    });
    state[subject] = Object.fromEntries(fitting);
  }
  return state;
}
