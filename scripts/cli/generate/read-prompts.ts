import { z } from 'zod';
import { AppError } from '#lib/errors';
import { type ChatMessage, renderChat } from '#lib/ml/tokenizers/chat-template';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { TokenizerConfig } from '#lib/ml/tokenizers/tokenizer-config';

export interface GivenPrompt {
  /** The line's own id, or its number, from 1 on: what its noise is keyed by. */
  readonly id: string | number;
  /** As it was given. */
  readonly prompt: string | readonly ChatMessage[];
  readonly tokens: readonly number[];
}

const id = z.union([z.string(), z.number()]).optional();
const message = z.looseObject({ role: z.string(), content: z.unknown() });
const row = z.union([
  z.looseObject({ id, prompt: z.string() }),
  z.looseObject({ id, messages: z.array(message).min(1) }),
  z.looseObject({ id, prompt: z.array(message).min(1) }),
]);

interface Reading {
  readonly file: string;
  readonly tokenizer: Tokenizer;
  readonly tokenizerConfig: TokenizerConfig | undefined;
  /** Texts are what a user says; conversations are always written by the template. */
  readonly chat: boolean;
  readonly contextLength: number;
  readonly model: string;
}

function encode(prompt: GivenPrompt['prompt'], reading: Reading, bad: (reason: string, remedy?: string) => AppError): number[] {
  const { chat, tokenizer, tokenizerConfig } = reading;
  if (typeof prompt === 'string' && prompt === '') throw bad('the prompt is empty');
  if (typeof prompt === 'string' && !chat) return tokenizer.encode(prompt, { surroundings: true });
  const template = tokenizerConfig?.chatTemplate;
  if (!template) {
    throw bad(
      `${reading.model} has no chat template`,
      'Give texts as {"prompt": "..."} without --chat, or a model that was made for conversations.',
    );
  }
  const messages = typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt;
  const { bosToken, eosToken } = tokenizerConfig;
  try {
    return tokenizer.encode(renderChat({ template, messages, bosToken, eosToken, addGenerationPrompt: true }));
  } catch (error) {
    if (error instanceof AppError && error.code === 'BAD_INPUT') throw bad(error.message.replace(/\.$/, ''), error.remedy);
    throw error;
  }
}

/** Prompts of a JSON Lines file as tokens. @throws AppError BAD_INPUT naming file and line */
export function readPrompts(bytes: Uint8Array, reading: Reading): GivenPrompt[] {
  const { contextLength, file } = reading;
  const prompts: GivenPrompt[] = [];
  const lineOf = new Map<string | number, number>();
  for (const [index, written] of new TextDecoder().decode(bytes).split('\n').entries()) {
    if (written.trim() === '') continue;
    const line = index + 1;
    const bad = (reason: string, remedy?: string) =>
      new AppError('BAD_INPUT', `${file}, line ${line}: ${reason}.`, { details: { file, line }, ...(remedy ? { remedy } : {}) });
    let json: unknown;
    try {
      json = JSON.parse(written);
    } catch {
      throw bad('this is not JSON');
    }
    const parsed = row.safeParse(json);
    if (!parsed.success) throw bad('it needs "prompt", a text, or "messages", a list of {"role", "content"}');
    const prompt = ('messages' in parsed.data ? parsed.data.messages : parsed.data.prompt) as GivenPrompt['prompt'];
    const name = parsed.data.id ?? line;
    const before = lineOf.get(name);
    if (before !== undefined) throw bad(`the id ${JSON.stringify(name)} stands in line ${before} already`);
    lineOf.set(name, line);
    const tokens = encode(prompt, reading, bad);
    if (tokens.length === 0) throw bad('the prompt has no tokens');
    if (tokens.length >= contextLength) {
      throw bad(`the prompt has ${tokens.length} tokens and leaves no room for an answer: the model reads ${contextLength}`, 'Shorten it.');
    }
    prompts.push({ id: name, prompt, tokens });
  }
  if (prompts.length === 0) throw new AppError('BAD_INPUT', `${file} holds no prompts.`, { details: { file } });
  return prompts;
}
