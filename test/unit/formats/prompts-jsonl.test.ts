import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePromptsJsonl } from '#lib/formats/prompts-jsonl';

const encode = (text: string) => new TextEncoder().encode(text);
const parse = (text: string) => parsePromptsJsonl(encode(text));

describe('prompts JSONL', () => {
  it('reads both forms, byte order mark, CRLF, empty lines and a last line without end', () => {
    const result = parse(
      '\ufeff{"prompt": "Once"}\r\n\r\n   \n{"messages": [{"role": "system", "content": "Short."}, {"role": "user", "content": "Hi"}], "group": 7, "id": 3, "source": "x"}',
    );
    expect(result.errors).toEqual([]);
    expect(result).toMatchObject({ lines: 4, emptyLines: 2, duplicates: [] });
    expect(result.rows.map(({ line, messages }) => ({ line, messages }))).toEqual([
      { line: 1, messages: [{ role: 'user', content: 'Once' }] },
      {
        line: 4,
        messages: [
          { role: 'system', content: 'Short.' },
          { role: 'user', content: 'Hi' },
        ],
      },
    ]);
  });

  it.each([
    ['{"prompt": "a"', '', 'is not JSON'],
    ['["a"]', '', 'is not a JSON object'],
    ['"a"', '', 'is not a JSON object'],
    ['{}', 'prompt', 'is missing'],
    ['{"Prompt": "a"}', 'prompt', 'is missing'],
    ['{"prompt": 5}', 'prompt', 'must be a string'],
    ['{"prompt": "  "}', 'prompt', 'is empty'],
    ['{"prompt": "a\\u0000b"}', 'prompt', 'U+0000'],
    ['{"prompt": "a\\ud800b"}', 'prompt', 'surrogate'],
    ['{"prompt": "a", "messages": [{"role": "user", "content": "a"}]}', 'prompt', 'stands beside'],
    ['{"messages": []}', 'messages', 'holds no message'],
    ['{"messages": "a"}', 'messages', 'must be a list'],
    ['{"messages": [{"role": "bot", "content": "a"}]}', 'messages[0].role', 'must be one of "system", "user", "assistant"'],
    ['{"messages": [{"role": "user", "content": "a"}, {"role": "user"}]}', 'messages[1].content', 'must be a string'],
    ['{"messages": [{"role": "user", "content": ""}]}', 'messages[0].content', 'is empty'],
    ['{"messages": [{"role": "assistant", "content": "a"}]}', 'messages', 'must end with a message of the user'],
    ['{"prompt": "a", "group": []}', 'group', 'must be a text or a number'],
    ['{"prompt": "a", "group": " "}', 'group', 'is empty'],
  ])('says what is wrong with %s and takes its neighbours', (row, field, message) => {
    const result = parse(`{"prompt": "before"}\n${row}\n{"prompt": "after"}\n`);
    expect(result.rows.map(({ line }) => line)).toEqual([1, 3]);
    expect(result.errors).toHaveLength(1);
    expect(result.errors[0]).toMatchObject({ line: 2, field, excerpt: row });
    expect(result.errors[0]?.message).toContain(message);
  });

  it('names a line that is not UTF-8 and takes the rest', () => {
    const bytes = new Uint8Array([...encode('{"prompt": "a"}\n{"prompt": "'), 0xc3, 0x28, ...encode('"}\n{"prompt": "c"}')]);
    const result = parsePromptsJsonl(bytes);
    expect(result.rows.map(({ line }) => line)).toEqual([1, 3]);
    expect(result.errors).toEqual([{ line: 2, field: '', message: 'is not valid UTF-8', excerpt: '{"prompt": "\ufffd("}' }]);
  });

  it('says that a file is UTF-16', () => {
    expect(parsePromptsJsonl(new Uint8Array([0xff, 0xfe, 0x7b, 0])).errors[0]?.message).toContain('UTF-16');
  });

  it('stops at a line that is too long, shows its beginning only, and goes on', () => {
    const limits = { maxLineBytes: 200, maxRows: 10 };
    const result = parsePromptsJsonl(encode(`{"prompt": "${'x'.repeat(300)}"}\n{"prompt": "b"}`), limits);
    expect(result.rows.map(({ line }) => line)).toEqual([2]);
    expect(result.errors[0]?.message).toBe('is 314 bytes long; at most 200 are read');
    expect(result.errors[0]?.excerpt).toHaveLength(123);
  });

  it('reports every row past the limit', () => {
    const result = parsePromptsJsonl(encode('{"prompt": "a"}\n{"prompt": "b"}\n{"prompt": "c"}'), { maxLineBytes: 100, maxRows: 2 });
    expect(result.rows).toHaveLength(2);
    expect(result.errors).toMatchObject([{ line: 3 }]);
  });

  it('finds a prompt that stood before, also in the other form', () => {
    const result = parse('{"prompt": "a b"}\n{"prompt": "c"}\n{"messages": [{"role": "user", "content": " a b\\r\\n"}]}');
    expect(result.duplicates).toEqual([{ line: 3, firstLine: 1 }]);
    expect(result.rows).toHaveLength(2);
  });

  it('gives rows of one group one split key', () => {
    const [a, b, c] = parse('{"prompt": "a", "group": "g"}\n{"prompt": "b", "group": "G "}\n{"prompt": "c"}').rows;
    expect(a?.splitKey).toBe(b?.splitKey);
    expect(c?.splitKey).not.toBe(a?.splitKey);
  });

  it('reads an empty file as nothing', () => {
    expect(parse('')).toEqual({ rows: [], errors: [], duplicates: [], lines: 0, emptyLines: 0 });
  });

  it('accounts for every line of any bytes', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.string().map((prompt) => JSON.stringify({ prompt })),
      fc.constant(''),
    );
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        const text = lines.map((part) => part.replaceAll('\n', ' ').replaceAll('\ufeff', ' ')).join(end);
        const result = parse(text);
        const { rows, errors, duplicates, emptyLines } = result;
        expect(rows.length + errors.length + duplicates.length + emptyLines).toBe(result.lines);
        expect(result.lines).toBe(text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0));
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => parsePromptsJsonl(bytes).lines >= 0));
  });
});
