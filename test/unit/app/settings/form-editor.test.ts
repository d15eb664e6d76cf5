import { describe, expect, it } from 'vitest';
import { defaultForm, type FormSpec, type TaskKind, taskKinds } from '#lib/domain/forms';
import { edit, faultsOf, freeKey, move, openEditor, sameForm } from '../../../../app/p/[project]/(pages)/settings/form/_state/editor';

const start = () =>
  openEditor('FLAGS', Object.fromEntries(taskKinds.map((kind) => [kind, defaultForm(kind)])) as Record<TaskKind, FormSpec>);
const labelled = (label: string) =>
  defaultForm('FLAGS').parts.map((part) => (part.type === 'flags' ? { ...part, flags: [{ key: 'a', label, help: '' }] } : part));
const labelOf = (state: ReturnType<typeof start>) => {
  const [part] = state.forms.FLAGS.spec.parts;
  return part?.type === 'flags' ? part.flags[0]?.label : null;
};

describe('the form editor', () => {
  it('undoes and redoes; typing on in one field is one step', () => {
    let state = start();
    const first = labelOf(state);
    for (const label of ['O', 'Od', 'Odd']) state = edit(state, { type: 'change', parts: labelled(label), field: 'x' });
    state = edit(state, { type: 'change', parts: labelled('Other'), field: 'y' });
    state = edit(state, { type: 'undo' });
    expect(labelOf(state)).toBe('Odd');
    state = edit(state, { type: 'undo' });
    expect(labelOf(state)).toBe(first);
    expect(edit(state, { type: 'undo' })).toBe(state);
    state = edit(edit(state, { type: 'redo' }), { type: 'redo' });
    expect(labelOf(state)).toBe('Other');
    state = edit(edit(state, { type: 'undo' }), { type: 'change', parts: labelled('New') });
    expect(edit(state, { type: 'redo' })).toBe(state);
  });

  it('keeps what was written of one kind while another is open', () => {
    let state = edit(start(), { type: 'change', parts: labelled('Odd') });
    state = edit(edit(state, { type: 'kind', kind: 'SPAN' }), { type: 'undo' });
    expect(labelOf(edit(state, { type: 'kind', kind: 'FLAGS' }))).toBe('Odd');
    expect(sameForm(state.forms.SPAN.spec, defaultForm('SPAN'))).toBe(true);
    expect(sameForm(state.forms.FLAGS.spec, defaultForm('FLAGS'))).toBe(false);
  });

  it('names faults by the path of their field', () => {
    expect(faultsOf(defaultForm('FLAGS')).size).toBe(0);
    expect([...faultsOf({ kind: 'FLAGS', parts: labelled(' ') }).keys()]).toEqual(['parts.0.flags.0.label']);
  });

  it('moves items and finds free keys', () => {
    expect(move(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
    expect(freeKey('Très bon !', [])).toBe('tres-bon');
    expect(freeKey('很好', ['item-1'])).toBe('item-2');
    expect(freeKey('constructor', [])).toBe('item-1');
    expect(freeKey('Odd', ['odd', 'odd-1'])).toBe('odd-2');
  });
});
