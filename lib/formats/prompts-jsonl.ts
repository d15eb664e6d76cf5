import { z } from 'zod';
import { type Message, messagesSchema, promptContentHash, promptSplitKey, storableText } from '#lib/domain/prompts';
import { excerptOf, issueText, pathText, type RowFault, readObject, splitLines, utf16Fault } from './json-lines';

interface PromptRow {
  /** 1-based line of the file. */
  readonly line: number;
  readonly messages: readonly Message[];
  readonly contentHash: string;
  readonly splitKey: string;
}

export interface PromptsJsonl {
  readonly rows: readonly PromptRow[];
  readonly errors: readonly RowFault[];
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
  const errors: RowFault[] = [];
  const duplicates: { line: number; firstLine: number }[] = [];
  const firstLineOf = new Map<string, number>();
  let line = 0;
  let emptyLines = 0;

  const utf16 = utf16Fault(bytes);
  if (utf16) return { rows, errors: [utf16], duplicates, lines: 1, emptyLines: 0 };
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

type LineResult = { messages: readonly Message[]; group: string | undefined } | { field: string; message: string; excerpt: string } | null;

function parseLine(raw: Uint8Array, limits: PromptsJsonlLimits): LineResult {
  const fail = (field: string, message: string) => ({ field, message, excerpt: excerptOf(raw) });
  const value = readObject(raw, limits.maxLineBytes);
  if (value === null) return null;
  if (typeof value === 'string') return fail('', value);
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
