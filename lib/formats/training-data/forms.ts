import { readCompletion, readConversation, readLabel, readPromptOnly, readText } from './read-answers';
import { readPair, readRanking } from './read-comparisons';
import { type JsonRow, RowProblem, shown } from './row-problem';
import type { TrainingForm } from './training-data';

export const formReaders = {
  rankings: readRanking,
  pairs: readPair,
  completions: readCompletion,
  labels: readLabel,
  messages: readConversation,
  text: readText,
  prompts: readPromptOnly,
} as const satisfies Record<TrainingForm, (row: JsonRow) => object>;

const known =
  '"prompt" with "responses" and "ranks", "chosen" and "rejected", "prompt" and "completion" (with "label"), "messages", "text", or "prompt"';

/** Whether the last message is not the assistant's: then an answer is wanted, and the row is a prompt. */
function asksForAnswer(messages: unknown): boolean {
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  const speaker = typeof last === 'object' && last !== null ? ((last as JsonRow).role ?? (last as JsonRow).from) : undefined;
  return speaker === 'user' || speaker === 'human';
}

/** Of what form a row is, told by its fields. Throws RowProblem for a row of none. */
export function formOf(row: JsonRow): TrainingForm {
  const has = (field: string) => row[field] !== undefined && row[field] !== null;
  if (has('responses') || has('ranks')) return 'rankings';
  if (has('chosen') || has('rejected')) return 'pairs';
  if (has('label') && (has('completion') || has('messages'))) return 'labels';
  if ('completion' in row) return 'completions';
  if (has('messages')) return asksForAnswer(row.messages) ? 'prompts' : 'messages';
  if (has('text')) return 'text';
  if ('prompt' in row) return 'prompts';
  throw new RowProblem('', Object.keys(row).length === 0 ? 'an empty object' : `the fields ${shown(Object.keys(row))}`, known);
}
