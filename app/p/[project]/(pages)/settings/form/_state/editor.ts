import { type FormPart, type FormSpec, formSpecSchema, type TaskKind } from '#lib/domain/forms';

/** The forms that are being written, one a kind, each with what can be undone. Pure: a change gives a new state. */
export interface EditorState {
  readonly kind: TaskKind;
  readonly forms: Readonly<Record<TaskKind, Draft>>;
}

interface Draft {
  readonly spec: FormSpec;
  readonly past: readonly FormSpec[];
  readonly future: readonly FormSpec[];
  /** What was typed in last: typing on there is one step of undo. */
  readonly field: string | null;
}

export type EditorAction =
  | { readonly type: 'kind'; readonly kind: TaskKind }
  | { readonly type: 'change'; readonly parts: readonly FormPart[]; readonly field?: string }
  | { readonly type: 'undo' }
  | { readonly type: 'redo' };

const most = 200;

export function openEditor(kind: TaskKind, specs: Readonly<Record<TaskKind, FormSpec>>): EditorState {
  const forms = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, { spec, past: [], future: [], field: null }]));
  return { kind, forms: forms as unknown as EditorState['forms'] };
}

export function edit(state: EditorState, action: EditorAction): EditorState {
  if (action.type === 'kind') return { ...state, kind: action.kind };
  const draft = state.forms[state.kind];
  const next = editDraft(draft, action);
  return next === draft ? state : { ...state, forms: { ...state.forms, [state.kind]: next } };
}

function editDraft(draft: Draft, action: Exclude<EditorAction, { type: 'kind' }>): Draft {
  const { spec, past, future, field } = draft;
  if (action.type === 'change') {
    const typing = action.field !== undefined && action.field === field;
    const changed = { kind: spec.kind, parts: [...action.parts] };
    return { spec: changed, past: typing ? past : [...past, spec].slice(-most), future: [], field: action.field ?? null };
  }
  const [from, to] = action.type === 'undo' ? [past, future] : [future, past];
  const target = from.at(-1);
  if (target === undefined) return draft;
  const left = from.slice(0, -1);
  const kept = [...to, spec];
  return { spec: target, field: null, ...(action.type === 'undo' ? { past: left, future: kept } : { past: kept, future: left }) };
}

export function sameForm(a: FormSpec, b: FormSpec): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function move<T>(items: readonly T[], from: number, to: number): T[] {
  const moved = [...items];
  const [item] = moved.splice(from, 1);
  if (item !== undefined) moved.splice(to, 0, item);
  return moved;
}

/** A key that none of the items has, made of the label where it has Latin letters. */
export function freeKey(label: string, taken: readonly string[]): string {
  const plain = label
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 30);
  const stem = plain === '' || plain in {} ? 'item' : plain;
  if (!taken.includes(stem) && stem !== 'item') return stem;
  for (let number = 1; ; number += 1) {
    if (!taken.includes(`${stem}-${number}`)) return `${stem}-${number}`;
  }
}

/** What is wrong, by the path of the field ('parts.0.flags.1.label'); the first fault of each. */
export function faultsOf(spec: FormSpec): ReadonlyMap<string, string> {
  const parsed = formSpecSchema.safeParse(spec);
  const faults = new Map<string, string>();
  for (const { path, message } of parsed.success ? [] : parsed.error.issues) {
    const field = path.join('.');
    if (!faults.has(field)) faults.set(field, message);
  }
  return faults;
}
