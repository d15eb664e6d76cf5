import type { z } from 'zod';

/** One row that was not taken: where, what is wrong, and the beginning of the line as it stands in the file. */
export interface RowFault {
  readonly line: number;
  /** Path inside the row, such as `messages[1].role`; empty where the whole line is meant. */
  readonly field: string;
  readonly message: string;
  readonly excerpt: string;
}

const excerptLength = 120;

/** UTF-16 is told by its byte order mark; read as UTF-8 every line of it would be at fault. */
export function utf16Fault(bytes: Uint8Array): RowFault | null {
  const marked = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  return marked ? { line: 1, field: '', message: 'is written as UTF-16; save the file as UTF-8', excerpt: '' } : null;
}

/** Lines without their end (LF or CRLF) and without a byte order mark; no line after the last line end. */
export function* splitLines(bytes: Uint8Array): Generator<Uint8Array> {
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found;
    yield bytes.subarray(start, end > start && bytes[end - 1] === 0x0d ? end - 1 : end);
    start = end + 1;
  }
}

/** The object of a line; null where the line is empty; a text where it is none, saying why. */
export function readObject(raw: Uint8Array, maxLineBytes: number): object | string | null {
  if (raw.length > maxLineBytes) return `is ${raw.length} bytes long; at most ${maxLineBytes} are read`;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch {
    return 'is not valid UTF-8';
  }
  if (text.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `is not JSON: ${jsonReason(error)}`;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? value
    : 'is not a JSON object; a row looks like {"prompt": "..."}';
}

export function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `must be ${issue.expected === 'array' ? 'a list' : `a ${issue.expected}`}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
  if (issue.code === 'invalid_union') return 'must be a text or a number';
  return issue.message;
}

export function pathText(path: readonly PropertyKey[]): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`)).join('');
}

/** V8 quotes the line in its message; the excerpt already shows it. */
function jsonReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/,? *(\.\.\.)?"[\s\S]*" is not valid JSON$/, '').replace(/ \(line \d+ column \d+\)$/, '');
}

export function excerptOf(raw: Uint8Array): string {
  // Four bytes a character at most; decoding leniently, because the fault may be in the bytes.
  const text = new TextDecoder('utf-8').decode(raw.subarray(0, excerptLength * 4));
  const characters = [...text.replaceAll('\u0000', '\ufffd')];
  return characters.length > excerptLength || raw.length > excerptLength * 4 ? `${characters.slice(0, excerptLength).join('')}...` : text;
}
