import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/errors';
import { readJudgements } from '#lib/formats/judgements/read-judgements';

const read = (...lines: string[]) => readJudgements(new TextEncoder().encode(lines.join('\n')), 'f.jsonl');

function problemOf(...lines: string[]): AppError {
  try {
    read(...lines);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('readJudgements', () => {
  it('reads labels that are texts or numbers, ids of either kind, groups, and lets other fields be', () => {
    expect(
      read(
        '\ufeff{"item": 1, "annotator": "x", "label": 2, "note": "?"}\r',
        '',
        '{"item": "1", "annotator": 7, "label": -0.5, "group": 3}',
      ),
    ).toEqual({
      kind: 'labels',
      rows: [
        { item: '1', annotator: 'x', label: 2 },
        { item: '1', annotator: '7', label: -0.5, group: '3' },
      ],
    });
    expect(read('{"item": "ü", "annotator": "x", "label": "😀"}')).toMatchObject({ rows: [{ item: 'ü', label: '😀' }] });
  });

  it('reads rankings: dense, with gaps, tied, set aside', () => {
    const found = read(
      '{"item": "i", "annotator": "x", "responses": ["a", 2, "c"], "ranks": [1, 1, 3]}',
      '{"item": "i", "annotator": "x", "responses": ["c", "a"], "ranks": [5, null]}',
    );
    expect(found).toEqual({
      kind: 'rankings',
      rows: [
        { item: 'i', annotator: 'x', responses: ['a', '2', 'c'], ranks: [1, 1, 3] },
        { item: 'i', annotator: 'x', responses: ['c', 'a'], ranks: [5, null] },
      ],
    });
  });

  it.each([
    ['not JSON', 'found "not JSON"; wanted one JSON object a line'],
    ['[1]', 'found [1]; wanted a JSON object'],
    ['{"item": "i", "annotator": "x"}', 'found neither "label" nor "responses" with "ranks"; wanted one of the two'],
    ['{"item": "i", "annotator": "x", "label": 1, "ranks": []}', 'found "label" beside "ranks" or "responses"; wanted one of the two'],
    ['{"item": "i", "annotator": "x", "label": null}', 'label: found null; wanted a text or a number'],
    ['{"item": "", "annotator": "x", "label": 1}', 'item: found ""; wanted a text or a number'],
    ['{"item": "i", "label": 1}', 'annotator: found nothing; wanted a text or a number'],
    ['{"item": "i", "annotator": "x", "label": "a"}', 'label: found "a"; wanted a number, as in the first row'],
    [
      '{"item": "i", "annotator": "x", "responses": ["a", "b"], "ranks": [1, 2]}',
      'found a ranking; wanted a label, as on line 1: one kind a file',
    ],
  ])('names the line and what is wrong with %s', (line, message) => {
    const error = problemOf('{"item": "i", "annotator": "x", "label": 1}', '', line);
    expect(error.code).toBe('BAD_INPUT');
    expect(error.message).toBe(`f.jsonl: 1 row cannot be taken. line 3: ${message}.`);
    expect(error.details).toMatchObject({ file: 'f.jsonl', line: 3, rows: 1 });
  });

  it.each([
    ['"responses": ["a", "b"], "ranks": [1]', 'ranks: found 1 ranks; wanted 2, one for each of "responses"'],
    ['"responses": ["a", "a"], "ranks": [1, 2]', 'responses: found "a" twice; wanted each id once'],
    ['"responses": ["a"], "ranks": [1]', 'responses: found ["a"]; wanted two ids or more'],
    ['"responses": ["a", "b"], "ranks": [0, 1]', 'ranks[0]: found 0; wanted a list of numbers above 0, or null for an answer set aside'],
    ['"responses": ["a", "b"]', 'ranks: found nothing; wanted a list of numbers above 0, or null for an answer set aside'],
  ])('names what is wrong with a ranking: %s', (fields, message) => {
    expect(problemOf(`{"item": "i", "annotator": "x", ${fields}}`).message).toBe(`f.jsonl: 1 row cannot be taken. line 1: ${message}.`);
  });

  it('tells the first five bad rows and how many more there are', () => {
    const error = problemOf(...Array.from({ length: 8 }, () => '{}'));
    expect(error.message).toMatch(/^f\.jsonl: 8 rows cannot be taken\. line 1: .*line 5: .* And 3 more\.$/);
    expect(problemOf('', ' ').message).toBe('f.jsonl holds no judgement.');
  });

  it('refuses bytes that are no text', () => {
    expect(() => readJudgements(Uint8Array.of(0x7b, 0xff, 0x7d), 'f.jsonl')).toThrow(
      'line 1: found bytes that are not UTF-8; wanted UTF-8 text',
    );
  });
});
