import { z } from 'zod';
import { AppError } from '#lib/errors';
import { requireText } from './annotation-texts';
import type { PartOf } from './form-parts';

const maxReply = 1_000_000;

const transcriptSchema = z.strictObject({
  turns: z.array(z.strictObject({ text: z.string(), a: z.string().nullable(), b: z.string().nullable() })).min(1),
});

/** The conversation as it went: what the person wrote, and what side A and side B replied; null where a side gave no reply. */
export interface ChatTranscript {
  readonly turns: readonly Readonly<{ text: string; a: string | null; b: string | null }>[];
}

/** At least one turn that both sides answered: otherwise there is nothing to judge by. */
export function parseTranscript(part: PartOf<'chat'>, value: unknown): ChatTranscript {
  const parsed = transcriptSchema.safeParse(value);
  if (!parsed.success) {
    const field = ['chat', ...(parsed.error.issues[0]?.path ?? [])].join('.');
    throw new AppError('BAD_INPUT', 'There is no conversation to judge by.', { details: { field } });
  }
  const { turns } = parsed.data;
  if (turns.length > part.maxTurns) {
    throw new AppError('BAD_INPUT', `A conversation has at most ${part.maxTurns} turns.`, { details: { field: 'chat.turns' } });
  }
  for (const [index, { text, a, b }] of turns.entries()) {
    requireText(text, `chat.turns.${index}.text`, part.maxCharacters);
    requireText(a ?? '', `chat.turns.${index}.a`, maxReply);
    requireText(b ?? '', `chat.turns.${index}.b`, maxReply);
  }
  if (!turns.some(({ a, b }) => a !== null && b !== null)) {
    throw new AppError('BAD_INPUT', 'No turn was answered by both sides: go on talking before you judge.', {
      details: { field: 'chat.turns' },
    });
  }
  return parsed.data;
}
