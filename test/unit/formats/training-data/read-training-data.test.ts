import { describe, expect, test } from 'vitest';
import { AppError } from '#lib/errors';
import { readTrainingData } from '#lib/formats/training-data/read-training-data';

const bytes = (text: string) => new TextEncoder().encode(text);
const source = (...rows: unknown[]) => ({ name: 'f.jsonl', bytes: bytes(rows.map((row) => JSON.stringify(row)).join('\n')) });
const read = (...rows: unknown[]) => readTrainingData([source(...rows)]);

function refusal(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

describe('forms', () => {
  test('rankings of the same answers are joined, whatever the order of the answers', () => {
    const data = read(
      { id: 7, prompt: 'p', responses: ['a', 'b', 'c'], ranks: [1, 2, null], annotator: 'ann', strength: 2 },
      { id: 7, prompt: 'p', responses: ['c', 'a', 'b'], ranks: [1, 2, 2], annotator: 5, weight: 0.5 },
      { id: 8, prompt: 'p', responses: ['a', 'b'], ranks: [1, 1] },
    );
    if (data.form !== 'rankings') throw new Error(data.form);
    expect(data.rows.map(({ rankings }) => rankings)).toEqual([
      [
        { annotatorId: 'ann', ranks: [1, 2, null], strength: 2, weight: 1 },
        { annotatorId: '5', ranks: [2, 2, 1], strength: null, weight: 0.5 },
      ],
      [{ annotatorId: null, ranks: [1, 1], strength: null, weight: 1 }],
    ]);
    expect(data.rows[0]).toMatchObject({ id: '7', place: 'f.jsonl, line 1', prompt: 'p', responses: ['a', 'b', 'c'] });
    // other answers to the same prompt are another row of the same prompt
    expect(data.rows[0]?.promptId).toBe(data.rows[1]?.promptId);
    expect(data.notes.map(({ count, examples, kind }) => [kind, count, examples])).toEqual([
      ['joined-rankings', 1, ['f.jsonl, line 2']],
      ['all-tied', 1, ['f.jsonl, line 3']],
    ]);
  });

  test('equal answers keep their places when rankings are joined', () => {
    const data = read(
      { prompt: 'p', responses: ['x', 'x', 'y'], ranks: [1, 2, 3] },
      { prompt: 'p', responses: ['y', 'x', 'x'], ranks: [1, 2, 3] },
    );
    expect(data.form === 'rankings' && data.rows[0]?.rankings.map(({ ranks }) => ranks)).toEqual([
      [1, 2, 3],
      [2, 3, 1],
    ]);
  });

  test('answers as they were generated are completions of their prompts', () => {
    const data = read({ id: 0, prompt: 'p', sample: 0, text: ' an answer', tokens: [5], logProb: -1, finishReason: 'eos' });
    expect(data.form === 'completions' && data.rows[0]).toMatchObject({ prompt: 'p', completion: ' an answer' });
  });

  test('pairs with a prompt, as texts, as messages, with the prompt repeated in the answers', () => {
    const messages = [user('q')];
    const data = read(
      { prompt: 'q', chosen: 'a', rejected: 'b', margin: 1.5 },
      { prompt: messages, chosen: [assistant('a')], rejected: assistant('b') },
      { prompt: messages, chosen: 'a', rejected: 'b' },
      { prompt: messages, chosen: [...messages, assistant('a')], rejected: 'b' },
      { prompt: 'q', chosen: [...messages, assistant('a')], rejected: [...messages, assistant('b')] },
    );
    expect(data.notes.map(({ count, kind }) => [kind, count])).toEqual([['repeated-row', 3]]);
    expect(
      data.form === 'pairs' && data.rows.map(({ chosen, margin, prompt, rejected }) => ({ chosen, margin, prompt, rejected })),
    ).toEqual([
      { prompt: 'q', chosen: 'a', rejected: 'b', margin: 1.5 },
      { prompt: messages, chosen: [assistant('a')], rejected: [assistant('b')], margin: null },
      { prompt: messages, chosen: [assistant('a')], rejected: [assistant('b')], margin: null },
      ...[1, 2].map(() => ({ prompt: messages, chosen: [assistant('a')], rejected: [assistant('b')], margin: null })),
    ]);
  });

  test('the prompt of two dialogues is what they share, back to the last turn of the assistant', () => {
    const start = '\n\nHuman: one\n\nAssistant: two\n\nHuman: three\n\nAssistant:';
    const data = read(
      { chosen: `${start} Yes, I do`, rejected: `${start} Yes, no` },
      { chosen: `${start} a\n\nHuman: b\n\nAssistant: c`, rejected: `${start} a\n\nHuman: x\n\nAssistant: d` },
      { chosen: 'Write a line.\nRoses are red', rejected: 'Write a line.\nRoses are blue' },
      { chosen: [user('a'), assistant('b'), user('c'), assistant('d')], rejected: [user('a'), assistant('b'), user('c'), assistant('e')] },
    );
    expect(data.form === 'pairs' && data.rows.map(({ chosen, prompt }) => [prompt, chosen])).toEqual([
      [start, ' Yes, I do'],
      [start, ' a\n\nHuman: b\n\nAssistant: c'],
      ['Write a line.\n', 'Roses are red'],
      [[user('a'), assistant('b'), user('c')], [assistant('d')]],
    ]);
  });

  test('completions, labels, conversations, texts and prompts', () => {
    expect(read({ prompt: 'a', completion: ' b', task: 'sum' })).toMatchObject({
      form: 'completions',
      rows: [{ prompt: 'a', completion: ' b', task: 'sum', id: '1' }],
    });
    expect(read({ prompt: 'a', completion: 'b', label: true }, { messages: [user('a'), assistant('b')], label: false })).toMatchObject({
      form: 'labels',
      rows: [{ desirable: true }, { prompt: [user('a')], completion: [assistant('b')], desirable: false }],
    });
    const parts = [
      { type: 'text', text: 'a' },
      { type: 'text', value: 'b' },
    ];
    expect(
      read({
        messages: [
          { role: 'user', content: parts, loss_weight: 0 },
          { ...assistant('c'), weight: 0.5, name: 'n' },
          user('d'),
          { ...assistant('e'), train: false },
        ],
      }),
    ).toMatchObject({
      form: 'messages',
      rows: [{ messages: [user('ab'), { ...assistant('c'), name: 'n' }, user('d'), assistant('e')], weights: [0, 0.5, null, 0] }],
    });
    expect(read({ text: 'a b' })).toMatchObject({ form: 'text', rows: [{ text: 'a b' }] });
    expect(read({ prompt: '2 + 3?', answer: 5 }, { messages: [user('4 + 4?')] })).toMatchObject({
      form: 'prompts',
      rows: [{ expected: '5' }, { prompt: [user('4 + 4?')], expected: null }],
    });
  });

  test('other widespread forms', () => {
    expect(read({ instruction: 'i', input: 'x', output: 'o' })).toMatchObject({ rows: [{ prompt: 'i\nx', completion: 'o' }] });
    expect(read({ instruction: 'i', input: '', output: ['o', 'u'], history: [['a', 'b']] })).toMatchObject({
      form: 'rankings',
      rows: [
        { prompt: [user('a'), assistant('b'), user('i')], responses: [[assistant('o')], [assistant('u')]], rankings: [{ ranks: [1, 2] }] },
      ],
    });
    const call = JSON.stringify({ name: 'f', arguments: { x: 1 } });
    expect(
      read({
        conversations: [
          { from: 'human', value: 'h' },
          { from: 'function_call', value: call },
          { from: 'observation', value: '1' },
          { from: 'gpt', value: 'g' },
        ],
        system: 's',
        tools: '[{"name":"f"}]',
      }),
    ).toMatchObject({
      form: 'messages',
      rows: [
        {
          tools: [{ name: 'f' }],
          messages: [
            { role: 'system', content: 's' },
            user('h'),
            { role: 'assistant', content: '', tool_calls: [{ type: 'function', function: { name: 'f', arguments: { x: 1 } } }] },
            { role: 'tool', content: '1' },
            assistant('g'),
          ],
        },
      ],
    });
  });

  test('one JSON list, a byte order mark, empty lines and CRLF', () => {
    const rows = (text: string) => readTrainingData([{ name: 'x', bytes: bytes(text) }]).rows.map(({ place }) => place);
    expect(rows('\ufeff[{"text":"a"},\n{"text":"b"}]')).toEqual(['x, entry 1', 'x, entry 2']);
    expect(rows('\n{"text":"a"}\r\n\r\n{"text":"b"}')).toEqual(['x, line 2', 'x, line 4']);
  });
});

describe('splits', () => {
  test('by field, by file, or by the prompt', () => {
    const rows = [
      { text: 'a', split: 'train' },
      { text: 'b', split: 'Validation' },
      { text: 'c', split: 'test' },
    ];
    expect(read(...rows).rows.map(({ split }) => split)).toEqual(['TRAIN', 'VALIDATION', 'TEST']);
    const files = readTrainingData([
      { ...source({ text: 'a' }), split: 'TRAIN' },
      { ...source({ text: 'b' }), split: 'VALIDATION' },
    ]);
    expect(files.rows.map(({ id, split }) => [id, split])).toEqual([
      ['1', 'TRAIN'],
      ['2:1', 'VALIDATION'],
    ]);
    const many = Array.from({ length: 400 }, (_, index) => ({ prompt: `Prompt ${index}`, completion: 'x' }));
    const shares = { train: 0.5, validation: 0.5, test: 0 };
    const halves = readTrainingData([source(...many)], { shares }).rows;
    const trained = halves.filter(({ split }) => split === 'TRAIN').length;
    expect(trained).toBeGreaterThan(160);
    expect(trained).toBeLessThan(240);
    const shouted = many.map(({ prompt }) => ({ prompt: ` ${prompt.toUpperCase()} `, completion: 'y' }));
    expect(readTrainingData([source(...shouted)], { shares }).rows.map(({ split }) => split)).toEqual(halves.map(({ split }) => split));
  });

  test('rows of one group are in one split', () => {
    const rows = Array.from({ length: 50 }, (_, index) => ({ text: `text ${index}`, group: 'one' }));
    expect(new Set(read(...rows).rows.map(({ split }) => split)).size).toBe(1);
    expect(new Set(read(...rows).rows.map(({ promptId }) => promptId)).size).toBe(50);
  });

  test('a prompt in two splits is refused, naming both places', () => {
    const error = refusal(() =>
      read({ prompt: 'Same', completion: 'a', split: 'train' }, { prompt: ' same', completion: 'b', split: 'validation' }),
    );
    expect(error).toMatchObject({ code: 'BAD_INPUT', details: { check: 'prompts-in-one-split', rows: 1 } });
    expect(error.message).toContain('f.jsonl, line 2 (VALIDATION): the prompt of f.jsonl, line 1 (TRAIN)');
    expect(refusal(() => read({ text: 'a', split: 'train' }, { text: 'b' })).message).toBe(
      'f.jsonl, line 2 names no split, but f.jsonl, line 1 does.',
    );
    expect(refusal(() => readTrainingData([{ ...source({ text: 'a', split: 'test' }), split: 'TRAIN' }])).message).toContain(
      'split: found "test"; wanted train, as the whole file is',
    );
  });
});

describe('bad rows', () => {
  const good = { prompt: 'p', responses: ['a', 'b'], ranks: [1, 2] };
  test.each([
    [{ ...good, responses: ['a'], ranks: [1] }, 'responses: found a ranking of 1; wanted at least two answers'],
    [{ ...good, ranks: [1, 3] }, 'ranks: found [1,3]; wanted ranks without gaps: nothing has rank 2, but something has 3'],
    [{ ...good, ranks: [2, 3] }, 'ranks: found [2,3]; wanted ranks without gaps: nothing has rank 1, but something has 2'],
    [{ ...good, ranks: [1] }, 'ranks: found 1 ranks; wanted 2, one for each of "responses"'],
    [{ ...good, ranks: [1, '2'] }, 'ranks[1]: found "2"; wanted whole numbers'],
    [{ ...good, ranks: [1, 1.5] }, 'ranks[1]: found 1.5; wanted whole numbers'],
    [{ ...good, ranks: [null, null] }, 'ranks: found [null,null]; wanted at least one answer that is not set aside'],
    [{ ...good, prompt: undefined }, 'prompt: found nothing; wanted a text or a list of messages'],
    [{ ...good, prompt: ' ' }, 'prompt: found " "; wanted a prompt that is not empty'],
    [{ ...good, prompt: [assistant('a')] }, 'prompt: found messages that end with the assistant'],
    [{ ...good, weight: -1 }, 'weight: found -1; wanted a number from 0 on'],
    [{ ...good, responses: ['a', 5] }, 'responses[1]: found 5; wanted a text or a list of messages'],
    [{ chosen: 'a' }, 'rejected: found nothing; wanted a text'],
    [{ chosen: 'a', rejected: 'b' }, 'prompt: found nothing, and the two texts do not begin alike'],
    [{ chosen: [assistant('a')], rejected: [assistant('b')] }, 'prompt: found nothing, and the two dialogues share no question'],
    [{ prompt: 'p', chosen: 'a', rejected: 'b', margin: '1' }, 'margin: found "1"; wanted a number'],
    [
      { prompt: 'p', chosen: [assistant('a')], rejected: 'b' },
      'chosen: found [{"role":"assistant","content":"a"}]; wanted a text, as the prompt is',
    ],
    [{ prompt: 'p', completion: '' }, 'completion: found ""; wanted an answer that says something'],
    [{ prompt: 'p', completion: null }, 'completion: found null; wanted a text'],
    [{ prompt: [user('p')], completion: [user('a')] }, 'completion: found messages that begin with "user"'],
    [{ prompt: 'p', completion: 'a', label: 1 }, 'label: found 1; wanted true (good) or false (bad)'],
    [{ prompt: 'p', completion: 'a', label: 'true' }, 'label: found "true"; wanted true'],
    [{ messages: [] }, 'messages: found []; wanted a list of messages'],
    [{ messages: [user('a'), { role: 'assistant' }] }, 'messages[1].content: found nothing; wanted a text'],
    [
      { messages: [user('a'), { role: 'assistant', content: [{ type: 'image' }] }] },
      'messages[1].content[0].type: found "image"; wanted parts',
    ],
    [{ messages: [user('a'), assistant(' ')] }, 'messages[1].content: found " "; wanted an answer that says something'],
    [{ messages: [{ role: 'system', content: 'a' }] }, 'messages: found no message of the assistant'],
    [{ messages: [user('a'), { ...assistant('b'), weight: 'x' }] }, 'messages[1].weight: found "x"; wanted a number from 0 on'],
    [{ text: '' }, 'text: found ""; wanted a text that is not empty'],
    [{ text: 'a\ud800' }, 'text: found "a\\ud800"; wanted a text without halves of surrogate pairs'],
    [{ text: 'a', split: 'dev2' }, 'split: found "dev2"; wanted one of train, validation, test'],
    [{ instruction: 'a', output: ' ' }, 'output: found " "; wanted an answer that says something'],
    [
      {
        conversations: [
          { from: 'human', value: 'a' },
          { from: 'function_call', value: 'x' },
        ],
      },
      'conversations[1].value: found "x"; wanted a call',
    ],
    [{ foo: 1 }, 'found the fields ["foo"]; wanted "prompt" with "responses"'],
    [5, 'found 5; wanted a JSON object'],
  ])('%j', (row, message) => {
    const error = refusal(() => read(row));
    expect(error.code).toBe('BAD_INPUT');
    expect(error.message).toContain(`f.jsonl, line 1: ${message}`);
  });

  test('all bad rows are named at once, up to the limit', () => {
    const lines = ['{"text":"a"}', 'nonsense', '{"prompt":"a"}', '{"text":""}', '{"text":1}'].join('\n');
    const error = refusal(() => readTrainingData([{ name: 'f', bytes: bytes(lines) }], { maxProblems: 3 }));
    expect(error.message.split('\n')).toEqual([
      '4 of the rows cannot be used:',
      'f, line 2: found "nonsense"; wanted one JSON object a line',
      'f, line 3: is of the form "prompts", but f, line 1 is of the form "text"',
      'f, line 4: text: found ""; wanted a text that is not empty',
      '... and 1 more.',
    ]);
    expect(error.details).toMatchObject({ file: 'f', rows: 4 });
  });

  test('files that cannot be read', () => {
    const file = (content: Uint8Array) => () => readTrainingData([{ name: 'f', bytes: content }]);
    expect(refusal(file(bytes('\n'))).message).toBe('f holds no rows.');
    expect(refusal(file(bytes('[{"text":"a"}'))).message).toContain('f begins as a JSON list and cannot be read');
    expect(refusal(file(Uint8Array.of(0x7b, 0xff))).message).toBe('f is not UTF-8 text.');
    expect(refusal(file(Uint8Array.of(0x1f, 0x8b, 8))).remedy).toBe('Unpack it first.');
    expect(refusal(() => read({ id: 'x', text: 'a' }, { id: 'x', text: 'b' })).message).toBe(
      'f.jsonl, line 2: the id "x" stands in f.jsonl, line 1 already.',
    );
  });

  test('what is kept or left out is counted', () => {
    const kinds = (...rows: unknown[]) => read(...rows).notes.map(({ count, kind }) => [kind, count]);
    const pair = { prompt: 'p', chosen: 'a', rejected: 'b' };
    expect(kinds(pair, { ...pair, chosen: 'b', rejected: 'a' })).toEqual([['contradicting-labels', 1]]);
    expect(read(pair, { ...pair, chosen: 'c', rejected: 'c' })).toMatchObject({
      rows: [{ chosen: 'a' }],
      notes: [{ kind: 'identical-pair', count: 1 }],
    });
    expect(kinds({ ...pair, rejected: '' })).toEqual([['empty-answer', 1]]);
    const label = { prompt: 'p', completion: 'a', label: true };
    expect(kinds(label, { ...label, label: false }, label)).toEqual([['contradicting-labels', 2]]);
    const ranking = { prompt: 'p', responses: ['a', 'b'], ranks: [1, 2] };
    expect(kinds(ranking, { ...ranking, ranks: [2, 1] })).toEqual([
      ['joined-rankings', 1],
      ['contradicting-labels', 1],
    ]);
    expect(kinds({ ...ranking, ranks: [1, null] })).toEqual([['compares-nothing', 1]]);
    expect(kinds({ text: 'a' }, { text: 'a' })).toEqual([['repeated-row', 1]]);
  });
});
