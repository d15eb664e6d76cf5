import { describe, expect, it } from 'vitest';
import { labelingPolicySchema, parseLabelingPolicy } from '#lib/domain/labeling-policy';
import {
  draftIn,
  type Editing,
  edit,
  faultsIn,
  openEditing,
  requestOf,
} from '../../../../app/p/[project]/(pages)/settings/labeling/_state/editing';
import {
  type Draft,
  draftOf,
  type FieldName,
  faultOf,
  fieldNames,
  fields,
  groups,
  type Json,
  policyValue,
  valueOfDraft,
} from '../../../../app/p/[project]/(pages)/settings/labeling/_state/fields';

const usual = parseLabelingPolicy({});

function withValue(name: FieldName, value: Json): unknown {
  const policy = JSON.parse(JSON.stringify(usual));
  const path = name.split('.');
  let group = policy;
  for (const key of path.slice(0, -1)) group = group[key];
  group[path.at(-1) as string] = value;
  // Two fields that are only right together.
  if (name === 'adaptive.min') policy.adaptive.max = 9;
  if (name === 'adaptive.max') policy.adaptive.min = 1;
  return policy;
}

const takes = (name: FieldName, value: Json) => labelingPolicySchema.safeParse(withValue(name, value)).success;
const changed = (state: Editing, name: FieldName, draft: Draft) => edit(state, { type: 'change', name, draft });

describe('the fields', () => {
  it('each stand on one card, and read and write back what the policy holds', () => {
    expect(groups.flatMap((group): readonly FieldName[] => group.fields).toSorted()).toEqual([...fieldNames].toSorted());
    for (const name of fieldNames) expect(valueOfDraft(name, draftOf(usual, name)), name).toEqual(policyValue(usual, name));
  });

  it.each(fieldNames)('%s takes exactly what the policy takes', (name) => {
    const field = fields[name];
    if (field.control === 'number') {
      const { min, max, scale, whole, optional } = field;
      const far = whole ? 1 : 1e-4;
      for (const value of [min, max, min - far, max + far, (min + max) / 2 + 0.25]) {
        const draft = String(Number((value * scale).toPrecision(12)));
        expect(faultOf(name, draft) === null, `${name} ${draft}`).toBe(takes(name, value));
      }
      expect(faultOf(name, ' ') === null).toBe(takes(name, null));
      expect(optional).toBe(takes(name, null));
      expect(faultOf(name, 'x')).not.toBeNull();
      return;
    }
    if (field.control === 'choice') for (const option of field.options) expect(takes(name, option), option).toBe(true);
    if (field.control === 'reasons') expect([faultOf(name, []) === null, takes(name, [])]).toEqual([false, false]);
    if (field.control === 'currency')
      for (const code of ['EUR', 'eur', 'EURO', '']) expect(faultOf(name, code) === null).toBe(takes(name, code));
  });

  it('show shares as per cent and milliseconds as seconds', () => {
    expect(draftOf(usual, 'adaptive.settledAt')).toBe('90');
    expect(valueOfDraft('hintAt', '58')).toBe(0.58);
    expect(draftOf(usual, 'dwell.minMs.PAIRWISE')).toBe('1.5');
    expect(valueOfDraft('dwell.minMs.CHAT', '2.05')).toBe(2050);
    expect(faultOf('adaptive.settledAt', '49')).toEqual({ key: 'range', min: 50, max: 99.9 });
  });
});

describe('changing', () => {
  it('asks for what changed only, with what stood there; a value put back is no change', () => {
    let state = changed(openEditing(usual), 'dwell.minMs.SPAN', '9');
    state = changed(state, 'quota.daily', ' 40 ');
    state = changed(state, 'overlap', '3');
    state = changed(state, 'overlap', ' 1');
    state = changed(state, 'skip.reasons', [...usual.skip.reasons].reverse());
    expect(requestOf(state)).toEqual({
      policy: { dwell: { minMs: { SPAN: 9000 } }, quota: { daily: 40 } },
      basedOn: { dwell: { minMs: { SPAN: 3000 } }, quota: { daily: null } },
    });
    expect(labelingPolicySchema.safeParse(requestOf(state).policy).success).toBe(true);
    expect(requestOf(edit(state, { type: 'discard' }))).toEqual({ policy: {}, basedOn: {} });
  });

  it('names what cannot be, also where two fields are only wrong together', () => {
    expect([...faultsIn(changed(openEditing(usual), 'overlap', '10'))]).toEqual([['overlap', { key: 'whole', min: 1, max: 9 }]]);
    expect([...faultsIn(changed(openEditing(usual), 'adaptive.min', '6'))]).toEqual([['adaptive.max', { key: 'most', min: 6, max: 9 }]]);
    expect(faultsIn(changed(changed(openEditing(usual), 'adaptive.min', '6'), 'adaptive.max', '6')).size).toBe(0);
  });

  it('keeps own changes when others save, tells what they changed, and sends against what stands now', () => {
    let state = changed(changed(openEditing(usual), 'overlap', '2'), 'breakMinutes', '30');
    const theirs = parseLabelingPolicy({ overlap: 4, breakMinutes: 30, blur: 'all' });
    state = edit(state, { type: 'seen', policy: theirs });
    expect(draftIn(state, 'overlap')).toBe('2');
    expect(state.others).toEqual({ overlap: '1', breakMinutes: '50', blur: 'flagged' });
    // They made the same change: nothing is left to save of it.
    expect(requestOf(state)).toEqual({ policy: { overlap: 2 }, basedOn: { overlap: 4 } });
    const after = edit(state, { type: 'saved', policy: { ...theirs, overlap: 2 } });
    expect(after).toEqual({ saved: { ...theirs, overlap: 2 }, drafts: {}, others: { breakMinutes: '50', blur: 'flagged' } });
  });
});
