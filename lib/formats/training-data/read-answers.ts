import { z } from 'zod';
import { isEmpty, readAnswer, readPrompt, readWeightedMessages } from './messages';
import type { Content } from './read-comparisons';
import { type JsonRow, RowProblem, shown, take, textSchema } from './row-problem';
import type { CompletionRow, ConversationRow, LabelRow, PromptOnlyRow, PromptOrAnswer, TextRow, TrainingMessage } from './training-data';

const task = (row: JsonRow) => take(row.task ?? null, 'task', z.string().min(1).nullable(), 'a name');

/** `{"prompt", "completion"}`. Throws RowProblem. */
export function readCompletion(row: JsonRow): Content<CompletionRow> {
  const prompt = readPrompt(row.prompt, 'prompt');
  const completion = readAnswer(row.completion, 'completion', prompt);
  if (isEmpty(completion))
    throw new RowProblem('completion', shown(row.completion), 'an answer that says something: an empty one teaches silence');
  return { prompt, completion, task: task(row) };
}

/** The messages before the last answer, and the answer. */
function lastAnswer(messages: readonly TrainingMessage[]): { prompt: PromptOrAnswer; completion: PromptOrAnswer } {
  if (messages.length < 2 || messages.at(-1)?.role !== 'assistant')
    throw new RowProblem(
      'messages',
      `messages that end with ${shown(messages.at(-1)?.role)}`,
      'a conversation that ends with the answer to judge',
    );
  return { prompt: messages.slice(0, -1), completion: messages.slice(-1) };
}

/** `{"prompt", "completion", "label"}` or `{"messages", "label"}`. Throws RowProblem. */
export function readLabel(row: JsonRow): Content<LabelRow> {
  const desirable = take(row.label, 'label', z.boolean(), 'true (good) or false (bad)');
  if (row.messages !== undefined) {
    return { ...lastAnswer(readWeightedMessages(row.messages, 'messages').map(({ message }) => message)), desirable };
  }
  const prompt = readPrompt(row.prompt, 'prompt');
  return { prompt, completion: readAnswer(row.completion, 'completion', prompt), desirable };
}

/** `{"messages", "tools"?}`. Throws RowProblem. */
export function readConversation(row: JsonRow): Content<ConversationRow> {
  const all = readWeightedMessages(row.messages, 'messages');
  const messages = all.map(({ message }) => message);
  const answer = messages.findIndex((message) => message.role === 'assistant');
  if (answer < 0) throw new RowProblem('messages', 'no message of the assistant', 'at least one answer to learn');
  const empty = messages.findIndex((message) => message.role === 'assistant' && isEmpty([message]));
  if (empty >= 0) throw new RowProblem(`messages[${empty}].content`, shown(messages[empty]?.content), 'an answer that says something');
  const tools = take(row.tools ?? null, 'tools', z.array(z.unknown()).nullable(), 'a list of tools');
  return { messages, weights: all.map(({ weight }) => weight), tools, task: task(row) };
}

/** `{"text"}`. Throws RowProblem. */
export function readText(row: JsonRow): Content<TextRow> {
  const text = take(row.text, 'text', textSchema, 'a text');
  if (text.trim() === '') throw new RowProblem('text', shown(text), 'a text that is not empty');
  return { text, task: task(row) };
}

/** `{"prompt"}` or `{"messages"}`, with what a rule compares answers with in `answer`. Throws RowProblem. */
export function readPromptOnly(row: JsonRow): Content<PromptOnlyRow> {
  const prompt = row.prompt === undefined ? readPrompt(row.messages, 'messages') : readPrompt(row.prompt, 'prompt');
  const expected = take(row.answer ?? null, 'answer', z.union([z.string(), z.number()]).nullable(), 'a text or a number');
  return { prompt, expected: expected === null ? null : String(expected) };
}
