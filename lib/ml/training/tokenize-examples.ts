import { AppError } from '#lib/errors';
import type { ConversationRow, PromptOrAnswer, TrainingData, TrainingMessage } from '#lib/formats/training-data/training-data';
import type { SftExample, TrainingPrompt } from './examples';
import { Fitting, refuseForm, type Tokenized } from './tokenize-fit';
import type { TextEncoder } from './tokenize-text';

type Rows = TrainingData['rows'][number];
type Identity = Pick<Rows, 'id' | 'place' | 'split'> & { readonly task: string | null };

const example = ({ id, split, task }: Identity, tokens: readonly number[], weights: readonly number[]): SftExample => ({
  exampleId: id,
  split,
  task: task ?? 'default',
  text: { prefix: { tokens, weights } },
});

/** Prompt and answer; learnt is the answer with its end token, or everything. */
function ofCompletion(row: Identity, prompt: PromptOrAnswer, answer: PromptOrAnswer, encoder: TextEncoder, fitting: Fitting): SftExample[] {
  const learnt = encoder.answer(prompt, answer, row.place);
  const read = fitting.prompt(encoder.prompt(prompt, row.place), learnt.length, { place: row.place, isChat: encoder.isChat(prompt) });
  if (read === null) return [];
  const promptWeight = encoder.config.mask === 'everything' ? 1 : 0;
  return [example(row, [...read, ...learnt], [...read.map(() => promptWeight), ...learnt.map(() => 1)])];
}

/** Weight of each turn of the assistant, in order. Throws BAD_INPUT where the row asks for what cannot be told apart. */
function turnWeights({ messages, place, weights }: ConversationRow, turnCount: number, onlyLast: boolean): number[] {
  const given = messages.flatMap(({ role }, index) => (role === 'assistant' ? [weights[index] ?? 1] : []));
  const others = messages.findIndex(({ role }, index) => role !== 'assistant' && (weights[index] ?? 0) > 0);
  if (others >= 0) {
    throw new AppError(
      'BAD_INPUT',
      `${place}: messages[${others}] of ${messages[others]?.role} has a loss weight, but only the assistant is learnt.`,
      {
        remedy: 'Set its weight to 0, or "mask" to "everything".',
      },
    );
  }
  if (new Set(given).size > 1 && given.length !== turnCount) {
    throw new AppError(
      'BAD_INPUT',
      `${place}: the chat template writes ${given.length} turns of the assistant as ${turnCount}, so that they cannot have different weights.`,
    );
  }
  const all = given.length === turnCount ? given : Array.from({ length: turnCount }, () => given[0] ?? 1);
  return onlyLast ? all.map((weight, turn) => (turn === turnCount - 1 ? weight : 0)) : all;
}

function ofText(row: Identity & { readonly text: string }, encoder: TextEncoder, fitting: Fitting): SftExample[] {
  const tokens = encoder.text(row.text, row.place);
  const weights = tokens.map(() => 1);
  return fitting.whole(tokens.length, row.place) ? [example(row, tokens, weights)] : [];
}

function ofConversation(row: ConversationRow, encoder: TextEncoder, fitting: Fitting): SftExample[] {
  const { mask } = encoder.config;
  const { tokens, turnCount, turns } = encoder.conversation(row.messages, row.tools, row.place);
  if (!fitting.whole(tokens.length, row.place)) return [];
  if (mask === 'everything')
    return [
      example(
        row,
        tokens,
        tokens.map(() => 1),
      ),
    ];
  const weights = turnWeights(row, turnCount, mask === 'completion');
  return [
    example(
      row,
      tokens,
      turns.map((turn) => (turn < 0 ? 0 : (weights[turn] ?? 0))),
    ),
  ];
}

/** Prompt and answer as one conversation: every turn of the assistant is learnt, those in the prompt too. */
function asConversation(row: Identity & Pick<Rows, 'promptId'>, prompt: PromptOrAnswer, answer: PromptOrAnswer): ConversationRow {
  const list = (said: PromptOrAnswer, role: string): readonly TrainingMessage[] =>
    typeof said === 'string' ? [{ role, content: said }] : said;
  const messages = [...list(prompt, 'user'), ...list(answer, 'assistant')];
  return { ...row, messages, weights: messages.map(() => null), tools: null };
}

function bestOf({ rankings, responses }: Extract<TrainingData, { form: 'rankings' }>['rows'][number]): PromptOrAnswer[] {
  return responses.filter((_, index) => rankings.length > 0 && rankings.every(({ ranks }) => ranks[index] === 1));
}

/** What each row has to imitate: the completion, the chosen answer, the good one, what all rankings put first. */
function* learntAnswers(
  data: TrainingData,
): Generator<{ row: Identity & Pick<Rows, 'promptId'>; prompt: PromptOrAnswer; answer: PromptOrAnswer }> {
  if (data.form === 'completions') for (const row of data.rows) yield { row, prompt: row.prompt, answer: row.completion };
  else if (data.form === 'pairs')
    for (const row of data.rows) yield { row: { ...row, task: null }, prompt: row.prompt, answer: row.chosen };
  else if (data.form === 'labels') {
    for (const row of data.rows) if (row.desirable) yield { row: { ...row, task: null }, prompt: row.prompt, answer: row.completion };
  } else if (data.form === 'rankings') {
    for (const row of data.rows) {
      for (const [index, answer] of bestOf(row).entries())
        yield { row: { ...row, id: `${row.id}/${index + 1}`, task: null }, prompt: row.prompt, answer };
    }
  } else refuseForm(data.form, 'answers', '"completions", "messages", "text", "pairs", "labels" or "rankings"');
}

interface TokenizedExamples extends Tokenized<SftExample> {
  /** The answer that each example with a prompt teaches, by exampleId: what a rule compares the model's own answer with. */
  readonly expected: ReadonlyMap<string, string>;
}

/** The text of an answer of one message. */
function textOf(answer: PromptOrAnswer): string | undefined {
  return typeof answer === 'string' ? answer : answer.length === 1 ? answer[0]?.content : undefined;
}

/** Examples for supervised fine-tuning. Throws BAD_INPUT naming every row that is too long, unless it is to be cut or left out. */
export function sftExamples(data: TrainingData, encoder: TextEncoder): TokenizedExamples {
  const fitting = new Fitting(encoder, data.notes);
  const expected = new Map<string, string>();
  const items: SftExample[] = [];
  if (data.form === 'messages') for (const row of data.rows) items.push(...ofConversation(row, encoder, fitting));
  else if (data.form === 'text') for (const row of data.rows) items.push(...ofText(row, encoder, fitting));
  else {
    for (const { answer, prompt, row } of learntAnswers(data)) {
      const isConversation = encoder.config.mask === 'assistant' && encoder.isChat(prompt);
      if (isConversation) items.push(...ofConversation(asConversation(row, prompt, answer), encoder, fitting));
      else items.push(...ofCompletion(row, prompt, answer, encoder, fitting));
      const text = textOf(answer);
      if (text !== undefined) expected.set(row.id, text);
    }
  }
  return { ...fitting.done(items, 'example'), expected };
}

/** The tokens before the first learnt one: what a policy would have to answer. */
export function promptOf({ exampleId, text }: SftExample): TrainingPrompt | null {
  const { tokens, weights } = text.prefix;
  const learnt = weights === undefined ? 0 : weights.findIndex((weight) => weight > 0);
  return learnt > 0 ? { promptId: exampleId, tokens: tokens.slice(0, learnt) } : null;
}

export interface TokenizedPrompts extends Tokenized<TrainingPrompt & Pick<SftExample, 'split'>> {
  /** What a rule compares an answer with, by promptId. */
  readonly expected: ReadonlyMap<string, string>;
}

/** The different prompts of data of any form but texts. `maxNewTokens`: room that an answer needs. Completions are what is expected of an answer. */
export function trainingPrompts(data: TrainingData, encoder: TextEncoder, options: { readonly maxNewTokens: number }): TokenizedPrompts {
  if (data.form === 'text') refuseForm(data.form, 'prompts', '"prompts", or any other with prompts');
  const fitting = new Fitting(encoder, data.notes);
  const items = new Map<string, TrainingPrompt & Pick<SftExample, 'split'>>();
  const expected = new Map<string, string>();
  for (const row of data.rows) {
    const promptId = data.form === 'prompts' ? row.id : row.promptId;
    if (items.has(promptId)) continue;
    const prompt =
      'messages' in row
        ? row.messages.slice(
            0,
            row.messages.findIndex(({ role }) => role === 'assistant'),
          )
        : 'prompt' in row
          ? row.prompt
          : '';
    const at = { place: row.place, isChat: encoder.isChat(prompt) };
    const tokens = fitting.prompt(encoder.prompt(prompt, row.place), options.maxNewTokens, at);
    if (tokens === null) continue;
    items.set(promptId, { promptId, split: row.split, tokens });
    const wanted = 'expected' in row ? row.expected : 'completion' in row && typeof row.completion === 'string' ? row.completion : null;
    if (wanted !== null) expected.set(promptId, wanted);
  }
  return { ...fitting.done([...items.values()], 'prompt'), expected };
}
