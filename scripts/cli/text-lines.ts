import { z } from 'zod';
import { AppError } from '#lib/errors';
import type { ChatMessage } from '#lib/ml/tokenizers/chat-template';

/** A line of a JSON Lines file that holds a text or a conversation. */
export interface TextLine {
  /** 1-based. */
  readonly number: number;
  readonly content: { readonly text: string } | { readonly messages: readonly ChatMessage[] };
}

const message = z.looseObject({ role: z.string(), content: z.string().nullish() });
const row = z.union([z.looseObject({ text: z.string() }), z.looseObject({ messages: z.array(message).min(1) })]);

/** @throws AppError BAD_INPUT naming file and line */
export function readTextLines(bytes: Uint8Array, file: string): TextLine[] {
  const lines: TextLine[] = [];
  for (const [index, written] of new TextDecoder().decode(bytes).split('\n').entries()) {
    if (written.trim() === '') continue;
    const bad = (reason: string) =>
      new AppError('BAD_INPUT', `${file}, line ${index + 1}: ${reason}.`, { details: { file, line: index + 1 } });
    let json: unknown;
    try {
      json = JSON.parse(written);
    } catch {
      throw bad('this is not JSON');
    }
    const parsed = row.safeParse(json);
    if (!parsed.success) throw bad('it needs "text", a text, or "messages", a list of {"role", "content"}');
    const { data } = parsed;
    lines.push({
      number: index + 1,
      content: 'messages' in data ? { messages: data.messages as ChatMessage[] } : { text: String(data.text) },
    });
  }
  if (lines.length === 0) throw new AppError('BAD_INPUT', `${file} holds no text.`, { details: { file } });
  return lines;
}
