import { z } from 'zod';
import { type Message, messagesSchema, promptContentHash, promptSplitKey, storableText } from '#lib/domain/prompts';

export interface PromptRow {
  /** 1-based line of the file. */
  readonly line: number;
  readonly messages: readonly Message[];
  readonly contentHash: string;
  readonly splitKey: string;
}

/** One row that was not taken: where, what is wrong, and the beginning of the line as it stands in the file. */
export interface PromptRowError {
  readonly line: number;
  /** Path inside the row, such as `messages[1].role`; empty where the whole line is meant. */
  readonly field: string;
  readonly message: string;
  readonly excerpt: string;
}

export interface PromptsJsonl {
  readonly rows: readonly PromptRow[];
  readonly errors: readonly PromptRowError[];
  /** A row whose normalised messages stood on an earlier line. */
  readonly duplicates: readonly { readonly line: number; readonly firstLine: number }[];
  readonly lines: number;
  readonly emptyLines: number;
}

export interface PromptsJsonlLimits {
  readonly maxLineBytes: number;
  readonly maxRows: number;
}

/** 1 MiB holds any prompt that a person would read; 500,000 rows are read in one go. */
const promptsJsonlLimits: PromptsJsonlLimits = { maxLineBytes: 1024 * 1024, maxRows: 500_000 };

const excerptLength = 120;
const rowSchema = z.object({
  prompt: storableText.optional(),
  messages: messagesSchema.optional(),
  group: z.union([storableText, z.number()]).optional(),
  id: z.union([z.string(), z.number()]).optional(),
});

/**
 * Reads prompts, one JSON object a line: `{"prompt": "..."}` or `{"messages": [{"role", "content"}, ...]}`, each with
 * optional `group` (prompts of one group share a split) and `id`. Other fields are let be. Nothing is dropped in
 * silence: every line ends as a row, an error, a duplicate or an empty line.
 */
export function parsePromptsJsonl(bytes: Uint8Array, limits: PromptsJsonlLimits = promptsJsonlLimits): PromptsJsonl {
  const rows: PromptRow[] = [];
  const errors: PromptRowError[] = [];
  const duplicates: { line: number; firstLine: number }[] = [];
  const firstLineOf = new Map<string, number>();
  let line = 0;
  let emptyLines = 0;

  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    const message = 'is written as UTF-16; save the file as UTF-8';
    return { rows, errors: [{ line: 1, field: '', message, excerpt: '' }], duplicates, lines: 1, emptyLines: 0 };
  }
  for (const raw of splitLines(bytes)) {
    line += 1;
    const result = parseLine(raw, limits);
    if (result === null) {
      emptyLines += 1;
    } else if ('message' in result) {
      errors.push({ line, ...result });
    } else {
      const contentHash = promptContentHash(result.messages);
      const firstLine = firstLineOf.get(contentHash);
      if (firstLine !== undefined) {
        duplicates.push({ line, firstLine });
      } else if (rows.length >= limits.maxRows) {
        const message = `is past the limit of ${limits.maxRows} prompts a file; split the file`;
        errors.push({ line, field: '', message, excerpt: excerptOf(raw) });
      } else {
        firstLineOf.set(contentHash, line);
        rows.push({ line, messages: result.messages, contentHash, splitKey: promptSplitKey(result.messages, result.group) });
      }
    }
  }
  return { rows, errors, duplicates, lines: line, emptyLines };
}

/** Lines without their end (LF or CRLF) and without a byte order mark; no line after the last line end. */
function* splitLines(bytes: Uint8Array): Generator<Uint8Array> {
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found;
    yield bytes.subarray(start, end > start && bytes[end - 1] === 0x0d ? end - 1 : end);
    start = end + 1;
  }
}

type LineResult = { messages: readonly Message[]; group: string | undefined } | { field: string; message: string; excerpt: string } | null;

function parseLine(raw: Uint8Array, limits: PromptsJsonlLimits): LineResult {
  const fail = (field: string, message: string) => ({ field, message, excerpt: excerptOf(raw) });
  if (raw.length > limits.maxLineBytes) return fail('', `is ${raw.length} bytes long; at most ${limits.maxLineBytes} are read`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch {
    return fail('', 'is not valid UTF-8');
  }
  if (text.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail('', `is not JSON: ${jsonReason(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail('', 'is not a JSON object; a row looks like {"prompt": "..."}');
  }
  const parsed = rowSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return fail(pathText(issue?.path ?? []), issue ? issueText(issue) : 'cannot be read');
  }
  const { prompt, messages, group } = parsed.data;
  if (prompt === undefined && messages === undefined) return fail('prompt', 'is missing; a row has "prompt" or "messages"');
  if (prompt !== undefined && messages !== undefined) return fail('prompt', 'stands beside "messages"; a row has one of the two');
  if (prompt !== undefined && prompt.trim() === '') return fail('prompt', 'is empty');
  const groupText = group === undefined ? undefined : String(group);
  if (groupText !== undefined && groupText.trim() === '') return fail('group', 'is empty; leave it out');
  return { messages: messages ?? [{ role: 'user', content: prompt ?? '' }], group: groupText };
}

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `must be ${issue.expected === 'array' ? 'a list' : `a ${issue.expected}`}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
  if (issue.code === 'invalid_union') return 'must be a text or a number';
  return issue.message;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`)).join('');
}

/** V8 quotes the line in its message; the excerpt already shows it. */
function jsonReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/,? *(\.\.\.)?"[\s\S]*" is not valid JSON$/, '').replace(/ \(line \d+ column \d+\)$/, '');
}

function excerptOf(raw: Uint8Array): string {
  // Four bytes a character at most; decoding leniently, because the fault may be in the bytes.
  const text = new TextDecoder('utf-8').decode(raw.subarray(0, excerptLength * 4));
  const characters = [...text.replaceAll('\u0000', '\ufffd')];
  return characters.length > excerptLength || raw.length > excerptLength * 4 ? `${characters.slice(0, excerptLength).join('')}...` : text;
}
