import { z } from 'zod';
import { AppError } from '#lib/errors';
import type { PromptOrAnswer, TrainingMessage } from '#lib/formats/training-data/training-data';
import { type ChatRendering, renderChat } from '#lib/ml/tokenizers/chat-template';
import { tokenizeChat } from '#lib/ml/tokenizers/tokenize-chat';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { TokenizerConfig } from '#lib/ml/tokenizers/tokenizer-config';

export const tokenizeConfig = z.object({
  /** Texts are what a user says and what the assistant answers: the chat template writes them. Messages are always written by it. */
  chat: z.boolean().default(false),
  /** Tokens of prompt and answer together; null = what the model reads. TRL: 1024. */
  maxLength: z.number().int().min(2).nullable().default(null),
  /** Rows that are longer: stop and name them; cut the beginning of a plain prompt off (TRL's and OpenRLHF's silent cut, counted); leave them out, counted. */
  overlong: z.enum(['refuse', 'cut-prompt', 'leave-out']).default('refuse'),
  /** What supervised fine-tuning learns. null = the completion of prompts, the assistant's turns of conversations, everything of texts. */
  mask: z.enum(['completion', 'assistant', 'everything']).nullable().default(null),
});
export type TokenizeConfig = z.infer<typeof tokenizeConfig>;

/** How a model's texts become tokens. */
export interface TextEncoding {
  readonly tokenizer: Tokenizer;
  /** Its special tokens and chat template, where the model has some. */
  readonly tokenizerConfig?: TokenizerConfig | undefined;
  /** Tokens that end an answer, of the model's configuration. */
  readonly stopTokenIds: readonly number[];
  readonly contextLength: number;
  readonly config: TokenizeConfig;
}

/** A text that can stand before every other, for tokenizers that treat the beginning of a text in another way. */
const anchors = ['\n', '.', 'a', ' '];

/**
 * The tokens of `after` where it goes on from `before`, so that the tokens of both put together spell both texts: what generation sees and
 * writes. A token of the joint text that reaches over the seam would not be there, so the tokens are then taken behind another beginning.
 */
export function continuation(tokenizer: Tokenizer, before: string, after: string): number[] {
  if (after === '') return [];
  for (const start of [before, ...anchors]) {
    const { ids, offsets } = tokenizer.encodeWithOffsets(start + after);
    if (offsets.some(([from, to]) => from < start.length && to > start.length)) continue;
    const first = offsets.findIndex(([, to]) => to > start.length);
    if (first >= 0) return ids.slice(first);
  }
  return tokenizer.encode(after);
}

/** A template may write the begin token that the tokenizer puts there too. */
function withoutSecondBegin(ids: number[], bosId: number): number[] {
  return ids[0] === bosId && ids[1] === bosId ? ids.slice(1) : ids;
}

const fromUser = (prompt: PromptOrAnswer) => (typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt);
const fromAssistant = (answer: PromptOrAnswer) => (typeof answer === 'string' ? [{ role: 'assistant', content: answer }] : answer);

/** Texts and messages as the tokens of one model. Every method throws BAD_INPUT beginning with `place`. */
export class TextEncoder {
  readonly limit: number;
  private readonly stops: ReadonlySet<number>;

  constructor(private readonly encoding: TextEncoding) {
    const { config, contextLength, stopTokenIds, tokenizer } = encoding;
    this.limit = Math.min(contextLength, config.maxLength ?? contextLength);
    this.stops = new Set([tokenizer.eosId, ...stopTokenIds]);
  }

  get config(): TokenizeConfig {
    return this.encoding.config;
  }

  get bosId(): number {
    return this.encoding.tokenizer.bosId;
  }

  /** Whether the chat template writes this prompt. */
  isChat(prompt: PromptOrAnswer): boolean {
    return typeof prompt !== 'string' || this.config.chat;
  }

  /** What generation starts from: begin token and text, or the messages with what starts an answer. */
  prompt(prompt: PromptOrAnswer, place: string): number[] {
    return this.at(place, () => {
      const { tokenizer } = this.encoding;
      if (typeof prompt === 'string' && !this.config.chat) {
        return withoutSecondBegin(tokenizer.encode(prompt, { surroundings: true }), tokenizer.bosId);
      }
      return tokenizer.encode(this.render({ messages: fromUser(prompt), addGenerationPrompt: true }));
    });
  }

  /** The answer behind its prompt, with the end token. */
  answer(prompt: PromptOrAnswer, answer: PromptOrAnswer, place: string): number[] {
    return this.at(place, () => {
      const { tokenizer } = this.encoding;
      if (typeof prompt === 'string' && typeof answer === 'string' && !this.config.chat) {
        return this.ended(continuation(tokenizer, prompt, answer));
      }
      const before = this.render({ messages: fromUser(prompt), addGenerationPrompt: true });
      const messages = [...fromUser(prompt), ...fromAssistant(answer)];
      const text = this.render({ messages });
      const { assistantMask, offsets } = tokenizeChat({ ...this.template(), tokenizer, messages });
      const end = offsets[assistantMask.lastIndexOf(true)]?.[1] ?? 0;
      if (!text.startsWith(before) || end < before.length)
        throw new AppError('BAD_INPUT', 'The chat template does not write the answer behind what it puts before an answer.');
      return this.ended(continuation(tokenizer, before, text.slice(before.length, end)));
    });
  }

  /** A whole text, begin and end token around it. */
  text(text: string, place: string): number[] {
    return this.at(place, () => {
      const { tokenizer } = this.encoding;
      return this.ended(withoutSecondBegin(tokenizer.encode(text, { surroundings: true }), tokenizer.bosId));
    });
  }

  /** A conversation and which turn of the assistant each token belongs to: its number from 0, -1 for what others say. */
  conversation(
    messages: readonly TrainingMessage[],
    tools: readonly unknown[] | null,
    place: string,
  ): { readonly tokens: number[]; readonly turns: readonly number[]; readonly turnCount: number } {
    return this.at(place, () => {
      const { tokenizer } = this.encoding;
      const { assistantMask, ids } = tokenizeChat({ ...this.template(), tokenizer, messages, ...(tools ? { tools } : {}) });
      let turn = -1;
      const turns = assistantMask.map((mine, index) => {
        if (mine && !assistantMask[index - 1]) turn += 1;
        return mine ? turn : -1;
      });
      return { tokens: ids, turns, turnCount: turn + 1 };
    });
  }

  /** A template that ends a turn with a token of its own has written the end already. */
  private ended(ids: number[]): number[] {
    const { tokenizer } = this.encoding;
    const last = ids.at(-1);
    const isEnd =
      last !== undefined && (this.stops.has(last) || (tokenizer.decode([last]) === '' && tokenizer.pieceOf(last) !== undefined));
    return isEnd ? ids : [...ids, tokenizer.eosId];
  }

  private template(): Pick<ChatRendering, 'template' | 'bosToken' | 'eosToken'> {
    const { tokenizerConfig } = this.encoding;
    if (!tokenizerConfig?.chatTemplate) {
      throw new AppError('BAD_INPUT', 'The model has no chat template.', {
        remedy: 'Give prompts and answers as plain texts, or a model that was made for conversations.',
      });
    }
    const { bosToken, chatTemplate, eosToken } = tokenizerConfig;
    return { template: chatTemplate, bosToken, eosToken };
  }

  private render(chat: Pick<ChatRendering, 'messages' | 'addGenerationPrompt'>): string {
    return renderChat({ ...this.template(), ...chat });
  }

  private at<T>(place: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'BAD_INPUT') throw error;
      throw new AppError('BAD_INPUT', `${place}: ${error.message}`, {
        details: { ...error.details, place },
        ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
        cause: error,
      });
    }
  }
}
