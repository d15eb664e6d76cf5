import { expect, it } from 'vitest';
import { formChanges } from '#lib/domain/form-changes';
import { defaultForm, parseFormSpec } from '#lib/domain/forms';

const flags = (...keys: string[]) => ({ type: 'flags', of: 'responses', flags: keys.map((key) => ({ key, label: key.toUpperCase() })) });
const form = (...extra: unknown[]) => parseFormSpec({ kind: 'RANKING', parts: [{ type: 'ranking', ties: true, aside: true }, ...extra] });
const note = { type: 'note', label: 'Why', required: false };

it('says nothing of equal forms', () => {
  expect(formChanges(defaultForm('FLAGS'), defaultForm('FLAGS'))).toEqual([]);
});

it('names parts, items and fields that changed, came or went', () => {
  expect(formChanges(form(flags('a', 'b')), form({ ...flags('b', 'c'), of: 'task' }, note))).toEqual([
    { path: ['flags', 'of'], before: 'responses', after: 'task' },
    { path: ['flags', 'flags'], before: 'a, b', after: 'b, c' },
    { path: ['flags', 'c', 'label'], before: null, after: 'C' },
    { path: ['note', 'label'], before: null, after: 'Why' },
    { path: ['note', 'required'], before: null, after: 'false' },
    { path: ['flags', 'a', 'label'], before: 'A', after: null },
  ]);
});

it('tells that parts changed places', () => {
  expect(formChanges(form(note, flags('a')), form(flags('a'), note))).toEqual([
    { path: ['parts'], before: 'ranking, note, flags', after: 'ranking, flags, note' },
  ]);
});
