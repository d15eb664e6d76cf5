import { z } from 'zod';
import type { Message } from './prompts';
import { createRandom } from './random';

const distinct = (ids: readonly string[]) => new Set(ids).size === ids.length;

/** How a model writes while a person waits for it. */
const sampling = {
  temperature: z.number().min(0).max(2).default(0.7),
  maxNewTokens: z.int().min(1).max(4096).default(256),
};

/** What Task.spec holds of a CHAT task: the models that two are drawn of, and how they write. Nobody who annotates sees it. */
export const chatTaskSpec = z.strictObject({
  modelIds: z.array(z.uuid()).min(2).max(50).refine(distinct, 'names a model twice'),
  /** Fewer turns than the form allows. */
  maxTurns: z.int().min(1).max(50).optional(),
  ...sampling,
});
export type ChatTaskSpec = z.infer<typeof chatTaskSpec>;

/** What Task.spec holds of a DEMONSTRATION task: texts that were prepared, and the model that is asked for more where a person wishes it. */
export const demonstrationTaskSpec = z.strictObject({
  suggestions: z.array(z.string()).max(20).default([]),
  modelIds: z.array(z.uuid()).max(1).default([]),
  ...sampling,
});

/** So often the model is asked for one demonstration, after the prepared texts are used up. */
const modelSuggestions = 3;

export function suggestionCount(spec: { readonly suggestions: readonly string[]; readonly modelIds: readonly string[] }): number {
  return spec.suggestions.length + (spec.modelIds.length > 0 ? modelSuggestions : 0);
}

export type Side = 'A' | 'B';

/** The two models of a session, that of side A first: every pair and every side equally likely over seeds. */
export function drawModels(modelIds: readonly string[], seed: number): readonly string[] {
  return createRandom(seed, 'chat-sides')
    .shuffle([...modelIds].sort())
    .slice(0, 2);
}

/** Why a side has no reply; said in the reader's language, without the model's name. */
export const replyFailures = ['TOO_LONG', 'MODEL_GONE', 'BROKEN', 'GAVE_UP'] as const;
export type ReplyFailure = (typeof replyFailures)[number];

interface PastTurn {
  readonly text: string;
  /** Null where this side gave none. */
  readonly reply: string | null;
}

/**
 * What one side reads: the instructions of the prompt, then the conversation as it went on this side. A turn that it did not answer is
 * joined with the next one, because templates want the two to take turns.
 */
export function conversationOf(prompt: readonly Message[], turns: readonly PastTurn[]): Message[] {
  const messages: Message[] = prompt.filter(({ role }) => role === 'system').map(({ role, content }) => ({ role, content }));
  let unanswered: string[] = [];
  for (const { text, reply } of turns) {
    unanswered.push(text);
    if (reply === null || reply.trim() === '') continue;
    messages.push({ role: 'user', content: unanswered.join('\n\n') }, { role: 'assistant', content: reply });
    unanswered = [];
  }
  if (unanswered.length > 0) messages.push({ role: 'user', content: unanswered.join('\n\n') });
  return messages;
}
