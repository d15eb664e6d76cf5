import { describe, expect, it } from 'vitest';
import { hashJson } from '#lib/domain/canonical-json';
import { defaultForm, findPart, kindRules, parseFormSpec, rankingForm, taskKinds } from '#lib/domain/forms';
import { AppError } from '#lib/errors';

const flags = { type: 'flags', of: 'responses', flags: [{ key: 'odd', label: 'Odd' }] };
const rating = (changes: object) => ({
  kind: 'RATING',
  parts: [{ type: 'rating', of: 'task', attributes: [{ key: 'a', label: 'A', min: 1, max: 5, ...changes }] }],
});

describe('parseFormSpec', () => {
  it('reads the ranking form of the first release, whose stored hash does not change', () => {
    expect(hashJson(rankingForm)).toBe(hashJson({ aside: true, kind: 'RANKING', ties: true }));
    expect(parseFormSpec(rankingForm)).toEqual(defaultForm('RANKING'));
    expect(parseFormSpec({ kind: 'RANKING', ties: false, aside: true }).parts).toEqual([{ type: 'ranking', ties: false, aside: true }]);
  });

  it.each(taskKinds)('gives a form of kind %s that parses to itself and is a copy each time', (kind) => {
    const form = defaultForm(kind);
    expect(parseFormSpec(structuredClone(form))).toEqual(form);
    expect(form.parts.map(({ type }) => type)).toEqual([kindRules[kind].main]);
    expect(defaultForm(kind).parts[0]).not.toBe(form.parts[0]);
  });

  it('asks for eleven flags, as InstructGPT did', () => {
    const labels = findPart(defaultForm('FLAGS'), 'flags')?.flags ?? [];
    expect(labels).toHaveLength(11);
    expect(new Set(labels.map(({ key }) => key)).size).toBe(11);
    expect(findPart(defaultForm('FLAGS'), 'rating')).toBeUndefined();
  });

  it('takes parts besides the main one, in the order given', () => {
    const form = parseFormSpec({ kind: 'RANKING', parts: [{ type: 'ranking', ties: true, aside: true }, flags] });
    expect(form.parts.map(({ type }) => type)).toEqual(['ranking', 'flags']);
    expect(findPart(form, 'flags')?.flags).toEqual([{ key: 'odd', label: 'Odd', help: '' }]);
  });

  it.each([
    ['no object', 'RANKING', ''],
    ['an unknown kind', { kind: 'POETRY', parts: [flags] }, 'kind'],
    ['no part', { kind: 'FLAGS', parts: [] }, 'parts'],
    ['another main part', { kind: 'SPAN', parts: [flags] }, 'parts.0'],
    ['the main part second', { kind: 'RANKING', parts: [flags, { type: 'ranking', ties: true, aside: true }] }, 'parts.0'],
    ['a part twice', { kind: 'FLAGS', parts: [flags, flags] }, 'parts.1'],
    ['two comparisons', { kind: 'PAIRWISE', parts: [...defaultForm('PAIRWISE').parts, ...defaultForm('RANKING').parts] }, 'parts.1'],
    ['marks in a conversation', { kind: 'CHAT', parts: [...defaultForm('CHAT').parts, ...defaultForm('SPAN').parts] }, 'parts.1'],
    ['flags of answers nobody has given', { kind: 'DEMONSTRATION', parts: [...defaultForm('DEMONSTRATION').parts, flags] }, 'parts.1.of'],
    ['a field that is not known', { kind: 'FLAGS', parts: [flags], model: 'x' }, ''],
    ['a key twice', { kind: 'FLAGS', parts: [{ ...flags, flags: [...flags.flags, ...flags.flags] }] }, 'parts.0.flags.1.key'],
    ['a key of Object.prototype', rating({ key: 'constructor' }), 'parts.0.attributes.0.key'],
    ['the key __proto__', rating({ key: '__proto__' }), 'parts.0.attributes.0.key'],
    ['a blank label', rating({ label: '  ' }), 'parts.0.attributes.0.label'],
    ['a scale upside down', rating({ min: 5, max: 1 }), 'parts.0.attributes.0.max'],
    ['a scale of 12 steps', rating({ min: 0, max: 11 }), 'parts.0.attributes.0.max'],
    ['a scale that is no number', rating({ min: Number.NaN }), 'parts.0.attributes.0.min'],
    [
      'a text that cannot be long enough',
      { kind: 'DEMONSTRATION', parts: [{ type: 'demonstration', minCharacters: 9, maxCharacters: 8, suggestions: true }] },
      'parts.0.maxCharacters',
    ],
  ])('refuses %s, naming the field', (_, value, field) => {
    try {
      parseFormSpec(value);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ code: 'BAD_INPUT', details: { field } });
    }
  });
});
