import { describe, expect, it } from 'vitest';
import { parseTasksJsonl } from '#lib/formats/tasks-jsonl';

const encode = (...rows: unknown[]) =>
  new TextEncoder().encode(rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'));
const two = [{ text: 'a' }, { text: 'b' }];
const row = { prompt: 'Why?', responses: two };

describe('parseTasksJsonl', () => {
  it('reads what a row says, and takes the usual where it says nothing', () => {
    const full = {
      ...row,
      kind: 'PAIRWISE',
      overlap: 3,
      priority: -2,
      pool: 'p',
      language: 'de',
      skills: ['y', 'x', 'x'],
      contentFlags: ['gore'],
      key: 7,
      group: 'g',
    };
    const { rows, faults, lines } = parseTasksJsonl(encode(row, '', full), 'RANKING');
    expect([faults, lines]).toEqual([[], 3]);
    expect(rows[0]).toMatchObject({
      line: 1,
      kind: 'RANKING',
      purpose: 'LABELING',
      key: null,
      priority: 0,
      pool: null,
      skills: [],
      languages: [],
      gold: null,
    });
    expect(rows[0]?.overlap).toBeUndefined();
    expect(rows[1]).toMatchObject({
      line: 3,
      kind: 'PAIRWISE',
      overlap: 3,
      priority: -2,
      pool: 'p',
      languages: ['de'],
      skills: ['x', 'y'],
      contentFlags: ['gore'],
      key: '7',
    });
    expect(rows[1]?.contentHash).toBe(rows[0]?.contentHash);
    expect(rows[1]?.splitKey).not.toBe(rows[0]?.splitKey);
  });

  it.each<[string, unknown, string]>([
    ['neither prompt nor messages', { responses: two }, 'prompt'],
    ['both', { ...row, messages: [{ role: 'user', content: 'x' }] }, 'prompt'],
    ['a blank prompt', { ...row, prompt: ' ' }, 'prompt'],
    ['one answer to rank', { ...row, responses: two.slice(1) }, 'responses'],
    ['ten answers', { ...row, responses: Array(10).fill(two[0]) }, 'responses'],
    ['three to choose from', { ...row, kind: 'PAIRWISE', responses: [...two, ...two] }, 'responses'],
    ['two to correct', { ...row, kind: 'CORRECTION' }, 'responses'],
    ['an answer that is to be written', { ...row, kind: 'DEMONSTRATION' }, 'responses'],
    ['an unknown kind', { ...row, kind: 'ODE' }, 'kind'],
    ['an unknown category', { ...row, contentFlags: ['boring'] }, 'contentFlags[0]'],
    ['a text with NUL', { ...row, responses: [{ text: 'a\0' }, { text: 'b' }] }, 'responses[0].text'],
    ['half a character', '{"prompt":"x","responses":[{"text":"\\ud800"},{"text":"b"}]}', 'responses[0].text'],
    ['an overlap of zero', { ...row, overlap: 0 }, 'overlap'],
    ['a field more of an answer', { ...row, responses: [{ text: 'a', score: 1 }, { text: 'b' }] }, 'responses[0]'],
    ['__proto__', '{"prompt":"x","responses":[{"text":"a"},{"text":"b"}],"__proto__":{"kind":"CHAT"}}', ''],
    ['training without the right answer', { ...row, training: true }, 'gold'],
    ['training and qualification', { ...row, training: true, qualification: true }, 'training'],
    ['gold of what is to be written', { prompt: 'x', kind: 'DEMONSTRATION', gold: { content: {} } }, 'gold'],
    ['gold with an overlap', { ...row, gold: { content: {} }, overlap: 2 }, 'overlap'],
    ['a conversation with one model', { prompt: 'x', kind: 'CHAT', spec: { models: ['a', 'a'] } }, 'spec.models'],
    ['models of a ranking', { ...row, spec: { models: ['a'] } }, 'spec'],
    ['turns of a ranking', { ...row, spec: { maxTurns: 1 } }, 'spec.maxTurns'],
    ['a list', [row], ''],
    ['no JSON', '{', ''],
  ])('refuses %s, naming the field', (_, value, field) => {
    const { rows, faults } = parseTasksJsonl(encode(row, value), 'RANKING');
    expect(rows).toHaveLength(1);
    expect(faults.map((fault) => [fault.line, fault.field])).toEqual([[2, field]]);
    expect(faults[0]?.excerpt).not.toBe('');
  });

  it('takes a key once, and no more rows and bytes than it may', () => {
    const limits = { maxLineBytes: 200, maxRows: 1 };
    const { rows, faults } = parseTasksJsonl(encode({ ...row, key: 'k' }, { ...row, prompt: 'x'.repeat(200) }, row), 'RANKING', limits);
    expect([rows.length, faults.map(({ line }) => line)]).toEqual([1, [2, 3]]);
    const again = parseTasksJsonl(encode({ ...row, key: 'k' }, { ...row, key: 'k' }), 'RANKING');
    expect(again.faults).toMatchObject([{ line: 2, field: 'key', message: 'stands on line 1 already' }]);
    expect(parseTasksJsonl(new Uint8Array([0xff, 0xfe, 0x7b, 0]), 'RANKING').faults).toHaveLength(1);
  });
});
