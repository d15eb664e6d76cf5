import { z } from 'zod';
import { type JsonRow, RowProblem, shown, take, textSchema } from './row-problem';
import type { PromptOrAnswer, TrainingMessage } from './training-data';

/** ShareGPT's names of who speaks. */
const shareGptRoles: Readonly<Record<string, string>> = {
  human: 'user',
  gpt: 'assistant',
  function_call: 'assistant',
  observation: 'tool',
};

const recordSchema = z.record(z.string(), z.unknown());
const weightSchema = z.number().min(0);
const textPart = z.looseObject({ type: z.literal('text'), text: z.string().optional(), value: z.string().optional() });

export interface WeightedMessage {
  readonly message: TrainingMessage;
  readonly weight: number | null;
}

/** A text, or parts of text that are joined; `null` where the message only calls tools. */
function readContent(value: unknown, field: string, mayLack: boolean): string {
  if (Array.isArray(value)) {
    const parts = take(value, field, z.array(textPart), 'parts {"type": "text", "text": "..."}; nothing else can be read');
    return parts.map(({ text, value: other }, index) => take(text ?? other, `${field}[${index}].text`, textSchema, 'a text')).join('');
  }
  if (mayLack && (value === null || value === undefined)) return '';
  return take(value, field, textSchema, 'a text');
}

function readWeight(row: JsonRow, field: string): number | null {
  if (row.train !== undefined) return take(row.train, `${field}.train`, z.boolean(), 'true or false') ? 1 : 0;
  const name = row.weight === undefined ? 'loss_weight' : 'weight';
  const value = row[name];
  return value === undefined || value === null ? null : take(value, `${field}.${name}`, weightSchema, 'a number from 0 on');
}

/** A ShareGPT `function_call` holds the call as JSON text. */
function calledTool(content: string, field: string): unknown {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    throw new RowProblem(field, shown(content), 'a call as JSON: {"name": "...", "arguments": {...}}');
  }
  const call = take(
    json,
    field,
    z.looseObject({ name: z.string(), arguments: z.unknown() }),
    'a call: {"name": "...", "arguments": {...}}',
  );
  return [{ type: 'function', function: { name: call.name, arguments: call.arguments } }];
}

function readMessage(value: unknown, field: string): WeightedMessage {
  const row = take(value, field, recordSchema, 'a message {"role": "...", "content": "..."}');
  const shareGpt = row.role === undefined && row.from !== undefined;
  const [roleName, contentName] = shareGpt ? ['from', 'value'] : ['role', 'content'];
  const speaker = take(row[roleName], `${field}.${roleName}`, z.string().min(1), 'who speaks: "system", "user", "assistant" or "tool"');
  const role = shareGpt ? (shareGptRoles[speaker] ?? speaker) : speaker;
  const content = readContent(row[contentName], `${field}.${contentName}`, row.tool_calls !== undefined);
  const { from, loss_weight, train, value: _value, weight, ...others } = row;
  const kept = shareGpt ? others : row.value === undefined ? others : { ...others, value: _value };
  const message: TrainingMessage =
    shareGpt && speaker === 'function_call'
      ? { ...kept, role, content: '', tool_calls: calledTool(content, `${field}.value`) }
      : { ...kept, role, content };
  return { message, weight: readWeight(row, field) };
}

/** Messages with the loss weight that each of them names. Throws RowProblem. */
export function readWeightedMessages(value: unknown, field: string): WeightedMessage[] {
  const list = take(value, field, z.array(z.unknown()).min(1), 'a list of messages');
  return list.map((each, index) => readMessage(each, `${field}[${index}]`));
}

/** A text, a list of messages, or one message by itself. Throws RowProblem. */
export function readPromptOrAnswer(value: unknown, field: string): PromptOrAnswer {
  if (typeof value === 'string') return take(value, field, textSchema, 'a text');
  if (Array.isArray(value)) return readWeightedMessages(value, field).map(({ message }) => message);
  if (typeof value === 'object' && value !== null) return [readMessage(value, field).message];
  throw new RowProblem(field, shown(value), 'a text or a list of messages {"role", "content"}');
}

/** A prompt: not empty, and messages do not end with the answer. */
export function readPrompt(value: unknown, field: string): PromptOrAnswer {
  const prompt = readPromptOrAnswer(value, field);
  if (typeof prompt === 'string' && prompt.trim() === '') throw new RowProblem(field, shown(prompt), 'a prompt that is not empty');
  if (typeof prompt !== 'string' && prompt.at(-1)?.role === 'assistant')
    throw new RowProblem(field, 'messages that end with the assistant', 'messages up to the one that is answered');
  return prompt;
}

/** The answer to `prompt`: a text, or messages that begin with the assistant; text beside a prompt of messages is one of the assistant's. */
export function readAnswer(value: unknown, field: string, prompt: PromptOrAnswer): PromptOrAnswer {
  const answer = readPromptOrAnswer(value, field);
  if (typeof prompt === 'string') {
    if (typeof answer === 'string') return answer;
    throw new RowProblem(field, shown(value), 'a text, as the prompt is');
  }
  if (typeof answer === 'string') return [{ role: 'assistant', content: answer }];
  if (answer[0]?.role === 'assistant') return answer;
  throw new RowProblem(field, `messages that begin with ${shown(answer[0]?.role)}`, 'an answer: messages that begin with the assistant');
}

/** Nothing is said: no text and no call. */
export function isEmpty(answer: PromptOrAnswer): boolean {
  if (typeof answer === 'string') return answer.trim() === '';
  return answer.every(({ content, tool_calls }) => content.trim() === '' && tool_calls === undefined);
}
