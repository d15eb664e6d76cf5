import { messagesSchema } from '#lib/domain/prompts';

/** What a prompt asks, for a list: its last message. */
export function questionOf(messages: unknown): string {
  return messagesSchema.parse(messages).at(-1)?.content ?? '';
}
