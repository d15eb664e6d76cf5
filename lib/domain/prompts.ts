import { z } from 'zod';
import { hashJson, hasLoneSurrogate } from './canonical-json';

/** PostgreSQL holds no U+0000, and half a surrogate pair is not text. */
export const storableText = z
  .string()
  .refine((text) => !text.includes('\u0000'), 'holds the character U+0000')
  .refine((text) => !hasLoneSurrogate(text), 'holds half of a surrogate pair');

const messageSchema = z.object({
  role: z.enum(['system', 'user', 'assistant']),
  content: storableText.refine((text) => text.trim() !== '', 'is empty'),
});

export const messagesSchema = z
  .array(messageSchema)
  .min(1, 'holds no message')
  .max(200, 'holds more than 200 messages')
  .refine((messages) => messages.at(-1)?.role === 'user', 'must end with a message of the user: that is what an answer is wanted for');

export type Message = Readonly<z.infer<typeof messageSchema>>;

/** NFC, line ends as LF, no white space around: the difference between two files, not between two prompts. */
function normaliseMessages(messages: readonly Message[]): Message[] {
  return messages.map(({ role, content }) => ({ role, content: content.normalize('NFC').replace(/\r\n?/g, '\n').trim() }));
}

/** The text that a model without a chat template goes on from: contents joined by a line break. */
export function promptText(messages: readonly Message[]): string {
  return messages.map(({ content }) => content).join('\n');
}

/** Identifies a prompt inside a dataset: sha256 of the canonical normalised messages. */
export function promptContentHash(messages: readonly Message[]): string {
  return hashJson(normaliseMessages(messages));
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}

/**
 * Decides the split, the same across datasets. Prompts of one group (topic, conversation) share it; without a group,
 * prompts that differ only in case, width or white space share it, so that one cannot train on what the other tests.
 */
export function promptSplitKey(messages: readonly { readonly role: string; readonly content: string }[], group?: string): string {
  if (group !== undefined) return hashJson(['group', fold(group)]);
  return hashJson(['prompt', messages.map(({ role, content }) => [role, fold(content)])]);
}
