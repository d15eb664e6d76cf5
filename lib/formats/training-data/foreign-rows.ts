import { z } from 'zod';
import { type JsonRow, RowProblem, shown, take, textSchema } from './row-problem';

/** A row by our field names, and what each of them is called in the file. */
export interface NamedRow {
  readonly row: JsonRow;
  readonly names: Readonly<Record<string, string>>;
}

const historySchema = z.array(z.tuple([z.string(), z.string()]));
const wantedHistory = 'a list of ["what was asked", "what was answered"]';

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

/** Alpaca: `instruction`, `input`, `output`, with `history` and `system` as LLaMA-Factory has them. A list of outputs is ranked, best first. */
function fromAlpaca(row: JsonRow): NamedRow {
  const { history, input, instruction, output, system, ...others } = row;
  const asked = [instruction, input].map((part, index) =>
    part === undefined || part === null ? '' : take(part, index === 0 ? 'instruction' : 'input', textSchema, 'a text'),
  );
  const question = asked.filter((part) => part !== '').join('\n');
  const turns = history === undefined || history === null ? [] : take(history, 'history', historySchema, wantedHistory);
  const opening = typeof system === 'string' && system !== '' ? [{ role: 'system', content: system }] : [];
  const before = [...opening, ...turns.flatMap(([asks, answers]) => [user(asks), assistant(answers)])];
  const prompt = before.length === 0 ? question : [...before, user(question)];
  if (!Array.isArray(output)) {
    return { row: { ...others, prompt, completion: output }, names: { prompt: 'instruction', completion: 'output' } };
  }
  const ranks = output.map((_, index) => index + 1);
  return { row: { ...others, prompt, responses: output, ranks }, names: { prompt: 'instruction', responses: 'output', ranks: 'output' } };
}

function withTools(row: JsonRow): JsonRow {
  if (typeof row.tools !== 'string') return row;
  if (row.tools.trim() === '') return { ...row, tools: undefined };
  try {
    return { ...row, tools: JSON.parse(row.tools) as unknown };
  } catch {
    throw new RowProblem('tools', shown(row.tools), 'a list of tools as JSON');
  }
}

/** ShareGPT: `conversations` of {"from", "value"}, with `system` and `tools`; beside `chosen` and `rejected` they are the prompt. */
function fromShareGpt(row: JsonRow): NamedRow {
  const { conversations, system, ...others } = withTools(row);
  const opening = typeof system === 'string' && system !== '' ? [{ role: 'system', content: system }] : [];
  const messages = Array.isArray(conversations) ? [...opening, ...conversations] : conversations;
  const name = 'chosen' in row || 'rejected' in row ? 'prompt' : 'messages';
  return { row: { ...others, [name]: messages }, names: { [name]: 'conversations' } };
}

/** Rows of other widespread forms, and answers as `plumbline generate` writes them, by the names of the forms. Throws RowProblem. */
export function namedRow(row: JsonRow): NamedRow {
  if ('conversations' in row && !('messages' in row)) return fromShareGpt(row);
  if ('instruction' in row && 'output' in row) return fromAlpaca(row);
  if ('chosen_messages' in row || 'rejected_messages' in row) {
    const { chosen_messages: chosen, rejected_messages: rejected, ...others } = row;
    return { row: { ...others, chosen, rejected }, names: { chosen: 'chosen_messages', rejected: 'rejected_messages' } };
  }
  if ('question' in row && 'answer' in row && !('prompt' in row)) {
    const { answer: completion, question: prompt, ...others } = row;
    return { row: { ...others, prompt, completion }, names: { prompt: 'question', completion: 'answer' } };
  }
  if ('finishReason' in row && 'prompt' in row && 'text' in row) {
    const { text: completion, ...others } = row;
    return { row: { ...others, completion }, names: { completion: 'text' } };
  }
  return { row, names: {} };
}
