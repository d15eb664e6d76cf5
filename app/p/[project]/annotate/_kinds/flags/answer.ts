import type { PartOf } from '#lib/domain/form-parts';
import type { PartModel } from '../../_state/part-model';
import { isMain, isRecord, subjectAt, subjectsOf } from '../../_state/subjects';

type Part = PartOf<'flags'>;

/** Flags by subject (a response id, or 'task'); a subject that nothing was said of is not there, "none applies" is an empty list. */
export type FlagsState = Readonly<Record<string, readonly string[]>>;

export type FlagsAction =
  | { readonly type: 'toggle'; readonly answer: number; readonly flag: number }
  | { readonly type: 'none'; readonly answer: number }
  | { readonly type: 'clear'; readonly answer: number };

/** Letters that do nothing else on this page; digits come first. */
const letters = 'abcdehijkqtuy';

/** The key that toggles a flag, by its number; null beyond the keys there are. */
export function flagKey(flag: number): string | null {
  return flag < 9 ? String(flag + 1) : (letters[flag - 9] ?? null);
}

export const flagsModel: PartModel<Part, FlagsState, FlagsAction> = {
  open({ part, task }, kept) {
    return read(part, subjectsOf(part.of, task), kept);
  },

  restore({ part, task }, { flags }) {
    return read(part, subjectsOf(part.of, task), flags);
  },

  reduce({ state, at }, action, { part, task }) {
    const subject = subjectAt(part.of, task, action.answer);
    const before = state[subject];
    const here = action.answer === at.answer ? at : { answer: action.answer, item: 0 };
    if (action.type === 'clear') return { state: before === undefined ? state : without(state, subject), at: here };
    if (action.type === 'none') {
      const next = before?.length === 0 ? state : { ...state, [subject]: [] };
      return { state: next, at: isMain(task, 'flags') ? { answer: nextOpen(next, part, task, action.answer), item: 0 } : here };
    }
    const key = part.flags[action.flag]?.key;
    if (key === undefined) return { state, at };
    const chosen = before?.includes(key) ? before.filter((one) => one !== key) : [...(before ?? []), key];
    // The last one taken away says nothing about the answer: that none applies is said on its own.
    if (chosen.length === 0) return { state: without(state, subject), at: here };
    return { state: { ...state, [subject]: part.flags.map((flag) => flag.key).filter((one) => chosen.includes(one)) }, at: here };
  },

  draft: (state) => state,

  missing(state, { part, task }) {
    if (!isMain(task, 'flags')) return null;
    const open = subjectsOf(part.of, task).flatMap((subject, index) => (state[subject] === undefined ? [index] : []));
    if (open.length === 0) return null;
    const todo = { key: 'annotate.flags.missingDo' } as const;
    if (part.of === 'task') return { title: { key: 'annotate.flags.missingTask' }, todo };
    return { title: { key: 'annotate.flags.missing', names: { names: open } }, todo };
  },

  content: (state, { part, task }) => ({
    flags: Object.fromEntries(subjectsOf(part.of, task).flatMap((id) => (state[id] ? [[id, state[id]]] : []))),
  }),

  key(press, { at }, { part }) {
    const { answer } = at;
    if (press.type === 'digit') return press.digit === 0 ? { type: 'none', answer } : flagOf(part, String(press.digit), answer);
    if (press.type === 'letter' && !press.shift) return flagOf(part, press.letter, answer);
    return press.type === 'erase' ? { type: 'clear', answer } : null;
  },

  said(action, before, after, { part, task }) {
    const subject = subjectAt(part.of, task, action.answer);
    if (before[subject] === after[subject]) return null;
    const names = { name: part.of === 'task' ? [] : [action.answer] };
    if (action.type === 'none') return { key: 'annotate.flags.saidNone', names };
    const flag = action.type === 'toggle' ? part.flags[action.flag] : undefined;
    if (flag === undefined) return { key: 'annotate.flags.saidCleared', names };
    const on = after[subject]?.includes(flag.key) ?? false;
    return { key: on ? 'annotate.flags.saidOn' : 'annotate.flags.saidOff', values: { label: flag.label }, names };
  },
};

function flagOf(part: Part, key: string, answer: number): FlagsAction | null {
  const flag = part.flags.findIndex((_, index) => flagKey(index) === key);
  return flag < 0 ? null : { type: 'toggle', answer, flag };
}

/** The next answer that nothing was said of; the same one where there is none. */
function nextOpen(state: FlagsState, part: Part, task: Parameters<typeof subjectsOf>[1], from: number): number {
  const subjects = subjectsOf(part.of, task);
  if (part.of === 'task') return from;
  for (let step = 1; step < subjects.length; step += 1) {
    const answer = (from + step) % subjects.length;
    if (state[subjects[answer] ?? ''] === undefined) return answer;
  }
  return from;
}

function without(state: FlagsState, subject: string): FlagsState {
  const { [subject]: _, ...others } = state;
  return others;
}

function read(part: Part, subjects: readonly string[], kept: unknown): FlagsState {
  const given = isRecord(kept) ? kept : {};
  const keys = part.flags.map(({ key }) => key);
  return Object.fromEntries(
    subjects.flatMap((subject) => {
      const flags = given[subject];
      return Array.isArray(flags) ? [[subject, keys.filter((key) => flags.includes(key))]] : [];
    }),
  );
}
