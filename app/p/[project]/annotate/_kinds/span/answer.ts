import { createSlicer } from '#lib/domain/code-points';
import type { PartOf } from '#lib/domain/form-parts';
import type { Line } from '../../_state/line';
import type { PartContext, PartModel, Scope } from '../../_state/part-model';
import type { Press } from '../../_state/press';
import { type Mark, readMarks } from './marks';
import { moveByWord, pieceOfSelection, selectionOf, toItem } from './selection';
import { type Piece, wordsOf } from './words';

export interface SpanState {
  /** By response, in the order in which they were made. */
  readonly marks: Readonly<Record<string, readonly Mark[]>>;
  /** Responses of which was said that they have no errors. */
  readonly none: readonly string[];
}

export type SpanAction =
  | { readonly type: 'select'; readonly piece: Piece | null }
  | { readonly type: 'move'; readonly by: 1 | -1; readonly extend: boolean }
  | { readonly type: 'jump'; readonly by: 1 | -1 }
  | { readonly type: 'category' | 'severity'; readonly key: string }
  | { readonly type: 'nextSeverity' | 'remove' }
  | { readonly type: 'none' }
  | { readonly type: 'note'; readonly note: string };

type Context = PartContext<PartOf<'span'>>;

/** Errors marked in the texts of answers; offsets count code points of the text as it was given. */
export const spanModel: PartModel<PartOf<'span'>, SpanState, SpanAction> = {
  open(context, kept) {
    const { marks, none } = typeof kept === 'object' && kept !== null ? (kept as Partial<Record<'marks' | 'none', unknown>>) : {};
    const said = Array.isArray(none) ? none : [];
    return stateOf(
      context,
      (id) => readMarks(marks, id, context),
      (id) => said.includes(id),
    );
  },

  restore(context, { spans = {} }) {
    return stateOf(
      context,
      (id) => (spans[id] ?? []).map((span) => ({ ...span, note: span.note ?? '' })),
      (id) => spans[id]?.length === 0,
    );
  },

  reduce(scope, action, context) {
    switch (action.type) {
      case 'select':
        return at(scope, action.piece === null ? 0 : toItem({ anchor: action.piece.start, head: action.piece.end }));
      case 'move':
        return at(scope, toItem(moveByWord(wordsOf(textOf(scope, context)), selectionOf(scope.at.item), action.by, action.extend)));
      case 'jump':
        return jump(scope, action.by, context);
      case 'none':
        return sayNone(scope, context);
      default:
        return changeMark(scope, action, context);
    }
  },

  draft: ({ marks, none }) => ({ marks, none }),

  missing({ marks, none }, { part, task }) {
    const open = task.responses.flatMap(({ id }, index) => (none.includes(id) || (marks[id]?.length ?? 0) > 0 ? [] : [index]));
    if (task.form.spec.kind === 'SPAN' && open.length > 0) {
      return { title: { key: 'writing.why.unmarked', names: { names: open } }, todo: { key: 'writing.why.unmarkedDo' } };
    }
    if (!Object.values(marks).some((list) => list.some(({ severity }) => severity === null))) return null;
    return { title: { key: 'writing.why.severity' }, todo: { key: 'writing.why.severityDo', values: { count: part.severities.length } } };
  },

  content({ marks }, { task }) {
    const spans = task.responses.map(({ id, text }) => {
      const slicer = createSlicer(text);
      const list = (marks[id] ?? []).map(({ severity, start, end, category, note }) => ({
        start,
        end,
        text: slicer.slice(start, end),
        category,
        severity: severity ?? '',
        ...(note.trim() && { note: note.trim() }),
      }));
      return [id, list] as const;
    });
    return { spans: Object.fromEntries(spans) };
  },

  key: (press, scope, context) => keyOf(press, scope, context),

  said: (action, before, after, context) => sayOf(action, before, after, context),

  summary: ({ marks }) => ({
    key: 'writing.why.marks',
    values: { count: Object.values(marks).reduce((sum, list) => sum + list.length, 0) },
  }),
};

function stateOf({ task }: Context, marksOf: (id: string) => readonly Mark[], isNone: (id: string) => boolean): SpanState {
  const ids = task.responses.map(({ id }) => id);
  const marks = Object.fromEntries(ids.map((id) => [id, marksOf(id)]));
  return { marks, none: ids.filter((id) => isNone(id) && marks[id]?.length === 0) };
}

function at<State>(scope: Scope<State>, item: number): Scope<State> {
  return item === scope.at.item ? scope : { ...scope, at: { ...scope.at, item } };
}

function idOf({ at: { answer } }: Scope<SpanState>, { task }: Context): string {
  return task.responses[answer]?.id ?? '';
}

function textOf({ at: { answer } }: Scope<SpanState>, { task }: Context): string {
  return task.responses[answer]?.text ?? '';
}

/** The mark that lies exactly under the selection; of several the one without severity, else the last one made. */
export function currentMark(scope: Scope<SpanState>, context: Context): Mark | null {
  const piece = pieceOfSelection(selectionOf(scope.at.item));
  const here = (scope.state.marks[idOf(scope, context)] ?? []).filter(({ start, end }) => start === piece?.start && end === piece.end);
  return here.find(({ severity }) => severity === null) ?? here.at(-1) ?? null;
}

function jump(scope: Scope<SpanState>, by: 1 | -1, context: Context): Scope<SpanState> {
  const list = sorted(scope.state.marks[idOf(scope, context)] ?? []);
  const piece = pieceOfSelection(selectionOf(scope.at.item)) ?? { start: by > 0 ? -1 : Number.MAX_SAFE_INTEGER, end: -1 };
  const after = (mark: Mark) => mark.start > piece.start || (mark.start === piece.start && mark.end > piece.end);
  const before = (mark: Mark) => mark.start < piece.start || (mark.start === piece.start && mark.end < piece.end);
  const to = by > 0 ? (list.find(after) ?? list[0]) : (list.findLast(before) ?? list.at(-1));
  return to === undefined ? scope : at(scope, toItem({ anchor: to.start, head: to.end }));
}

/** In the order of the text. */
export function sorted(marks: readonly Mark[]): Mark[] {
  return [...marks].sort((a, b) => a.start - b.start || a.end - b.end);
}

function sayNone(scope: Scope<SpanState>, context: Context): Scope<SpanState> {
  const id = idOf(scope, context);
  const { marks, none } = scope.state;
  if ((marks[id]?.length ?? 0) > 0) return scope;
  return { ...scope, state: { marks, none: none.includes(id) ? none.filter((one) => one !== id) : [...none, id] } };
}

type Change = Extract<SpanAction, { type: 'category' | 'severity' | 'nextSeverity' | 'note' | 'remove' }>;

function changeMark(scope: Scope<SpanState>, action: Change, context: Context): Scope<SpanState> {
  const id = idOf(scope, context);
  const list = scope.state.marks[id] ?? [];
  const mark = currentMark(scope, context);
  const put = (marks: readonly Mark[], item = scope.at.item): Scope<SpanState> => ({
    state: { marks: { ...scope.state.marks, [id]: marks }, none: scope.state.none.filter((one) => one !== id) },
    at: { ...scope.at, item },
  });
  if (action.type === 'category' && mark === null) {
    const piece = pieceOfSelection(selectionOf(scope.at.item));
    return piece === null ? scope : addMark(put, list, { ...piece, category: action.key, severity: onlySeverity(context), note: '' });
  }
  if (mark === null) return scope;
  const others = list.filter((one) => one !== mark);
  switch (action.type) {
    case 'category':
      return mark.category === action.key ? scope : addMark(put, others, { ...mark, category: action.key });
    case 'severity':
      return mark.severity === action.key ? scope : put(list.map((one) => (one === mark ? { ...mark, severity: action.key } : one)));
    case 'nextSeverity':
      return put(list.map((one) => (one === mark ? { ...mark, severity: severityAfter(mark.severity, context) } : one)));
    case 'note':
      return mark.note === action.note ? scope : put(list.map((one) => (one === mark ? { ...mark, note: action.note } : one)));
    case 'remove':
      return { ...scope, state: { marks: { ...scope.state.marks, [id]: others }, none: scope.state.none } };
  }
}

/** Where it overlaps marks of its category, it is one mark with them. */
function addMark(put: (marks: readonly Mark[], item: number) => Scope<SpanState>, list: readonly Mark[], mark: Mark): Scope<SpanState> {
  const overlaps = (one: Mark) => one.category === mark.category && one.start < mark.end && mark.start < one.end;
  const met = list.filter(overlaps);
  const joined: Mark = {
    ...mark,
    start: Math.min(mark.start, ...met.map(({ start }) => start)),
    end: Math.max(mark.end, ...met.map(({ end }) => end)),
    severity: mark.severity ?? met.find(({ severity }) => severity !== null)?.severity ?? null,
    note: mark.note || (met.find(({ note }) => note !== '')?.note ?? ''),
  };
  return put([...list.filter((one) => !overlaps(one)), joined], toItem({ anchor: joined.start, head: joined.end }));
}

function onlySeverity({ part }: Context): string | null {
  return part.severities.length === 1 ? (part.severities[0]?.key ?? null) : null;
}

function severityAfter(severity: string | null, { part }: Context): string | null {
  const index = part.severities.findIndex(({ key }) => key === severity);
  return part.severities[(index + 1) % part.severities.length]?.key ?? null;
}

const letters: Readonly<Record<string, SpanAction>> = {
  e: { type: 'nextSeverity' },
  j: { type: 'jump', by: 1 },
  k: { type: 'jump', by: -1 },
  x: { type: 'select', piece: null },
};

function keyOf(press: Press, scope: Scope<SpanState>, context: Context): SpanAction | null {
  if (press.type === 'arrow' && (press.to === 'before' || press.to === 'after')) {
    return { type: 'move', by: press.to === 'after' ? 1 : -1, extend: press.shift };
  }
  if (press.type === 'erase') return { type: 'remove' };
  if (press.type === 'letter') return press.shift ? null : (letters[press.letter] ?? null);
  if (press.type !== 'digit') return null;
  if (press.digit === 0) return { type: 'none' };
  const wantsSeverity = currentMark(scope, context)?.severity === null;
  const chosen = (wantsSeverity ? context.part.severities : context.part.categories)[press.digit - 1];
  return chosen === undefined ? null : { type: wantsSeverity ? 'severity' : 'category', key: chosen.key };
}

function sayOf(action: SpanAction, before: SpanState, after: SpanState, { part, task }: Context): Line | null {
  const category = (key: string) => part.categories.find((one) => one.key === key)?.label ?? '';
  const severity = (key: string | null) => part.severities.find((one) => one.key === key)?.label ?? '';
  const changed = before !== after;
  const count = (state: SpanState) => Object.values(state.marks).reduce((sum, list) => sum + list.length, 0);
  switch (action.type) {
    case 'category':
      if (!changed) return { key: 'writing.span.said.nothing' };
      if (count(after) < count(before) || (count(after) === count(before) && !sameRanges(before, after)))
        return { key: 'writing.span.said.joined' };
      if (count(after) === count(before)) return { key: 'writing.span.said.category', values: { category: category(action.key) } };
      return { key: 'writing.span.said.marked', values: { category: category(action.key) } };
    case 'severity':
      return changed ? { key: 'writing.span.said.severity', values: { severity: severity(action.key) } } : null;
    case 'remove':
      return { key: changed ? 'writing.span.said.removed' : 'writing.span.said.nothing' };
    case 'none': {
      if (!changed) return { key: 'writing.span.said.first' };
      const id = after.none.find((one) => !before.none.includes(one)) ?? before.none.find((one) => !after.none.includes(one));
      const names = { names: [task.responses.findIndex((one) => one.id === id)] };
      return { key: after.none.length > before.none.length ? 'writing.span.said.none' : 'writing.span.said.some', names };
    }
    default:
      return null;
  }
}

function sameRanges(a: SpanState, b: SpanState): boolean {
  const ranges = (state: SpanState) =>
    JSON.stringify(Object.values(state.marks).map((list) => sorted(list).map(({ start, end }) => [start, end])));
  return ranges(a) === ranges(b);
}
