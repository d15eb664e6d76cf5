import type { LabelingPolicy } from '#lib/domain/labeling-policy';
import {
  type Draft,
  draftOf,
  type Fault,
  type FieldName,
  faultOf,
  fieldNames,
  type Json,
  policyValue,
  sameDraft,
  valueOfDraft,
} from './fields';

type Drafts = Readonly<Partial<Record<FieldName, Draft>>>;

/** A page on which the policy is changed, while somebody else may change it too. */
export interface Editing {
  /** What is saved, as far as this page knows. */
  readonly saved: LabelingPolicy;
  /** What was changed here and is not saved yet. */
  readonly drafts: Drafts;
  /** What somebody else saved since this page opened, and what stood there before. */
  readonly others: Drafts;
}

export type EditingAction =
  | { readonly type: 'change'; readonly name: FieldName; readonly draft: Draft }
  | { readonly type: 'discard' }
  /** Own changes are saved: this stands now. */
  | { readonly type: 'saved'; readonly policy: LabelingPolicy }
  /** Looked again: this stands now. */
  | { readonly type: 'seen'; readonly policy: LabelingPolicy };

export function openEditing(saved: LabelingPolicy): Editing {
  return { saved, drafts: {}, others: {} };
}

export function edit(state: Editing, action: EditingAction): Editing {
  switch (action.type) {
    case 'change':
      return { ...state, drafts: pruned(state.saved, { ...state.drafts, [action.name]: action.draft }) };
    case 'discard':
      return { ...state, drafts: {} };
    case 'saved':
      return { ...looked(state, action.policy, Object.keys(state.drafts)), drafts: {} };
    case 'seen':
      return looked(state, action.policy, []);
  }
}

/** What others saved is told; what was changed here stays, but where others saved the same. */
function looked(state: Editing, policy: LabelingPolicy, own: readonly string[]): Editing {
  const others: Partial<Record<FieldName, Draft>> = { ...state.others };
  for (const name of fieldNames) {
    const [before, now] = [draftOf(state.saved, name), draftOf(policy, name)];
    if (own.includes(name)) delete others[name];
    else if (!sameDraft(before, now)) others[name] = before;
  }
  return { saved: policy, drafts: pruned(policy, state.drafts), others };
}

/** A draft that is what is saved is no change. */
function pruned(saved: LabelingPolicy, drafts: Drafts): Drafts {
  return Object.fromEntries(
    changedNames({ drafts })
      .filter((name) => !sameDraft(drafts[name] ?? '', draftOf(saved, name)))
      .map((name) => [name, drafts[name]]),
  );
}

export function changedNames({ drafts }: Pick<Editing, 'drafts'>): readonly FieldName[] {
  return fieldNames.filter((name) => drafts[name] !== undefined);
}

export function draftIn({ saved, drafts }: Pick<Editing, 'saved' | 'drafts'>, name: FieldName): Draft {
  return drafts[name] ?? draftOf(saved, name);
}

/** Fields that cannot be saved as they are. */
export function faultsIn(state: Editing): ReadonlyMap<FieldName, Fault> {
  const faults = new Map<FieldName, Fault>();
  for (const name of changedNames(state)) {
    const fault = faultOf(name, draftIn(state, name));
    if (fault !== null) faults.set(name, fault);
  }
  const least = Number(draftIn(state, 'adaptive.min'));
  const most = Number(draftIn(state, 'adaptive.max'));
  if (faults.size === 0 && least > most) faults.set('adaptive.max', { key: 'most', min: least, max: 9 });
  return faults;
}

/** What the server is asked for: the changed values, and what stood in their places when this page looked last. */
export function requestOf(state: Editing): { policy: Record<string, Json>; basedOn: Record<string, Json> } {
  const names = changedNames(state);
  return {
    policy: nested(names, (name) => valueOfDraft(name, draftIn(state, name))),
    basedOn: nested(names, (name) => policyValue(state.saved, name)),
  };
}

function nested(names: readonly FieldName[], value: (name: FieldName) => Json): Record<string, Json> {
  const root: Record<string, Json> = {};
  for (const name of names) {
    const path = name.split('.');
    let group: Record<string, Json> = root;
    for (const key of path.slice(0, -1)) {
      group[key] ??= {};
      group = group[key] as Record<string, Json>;
    }
    group[path.at(-1) ?? name] = value(name);
  }
  return root;
}
