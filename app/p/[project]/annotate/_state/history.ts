import type { Answer } from './answer';

const MAX_UNDO = 200;
/** Typing in one field without a longer rest is undone in one piece. */
const TYPING_MS = 1_500;

/** An answer with what it was before, and what was undone. */
export interface History {
  readonly answer: Answer;
  readonly past: readonly Answer[];
  readonly future: readonly Answer[];
  /** The field that was typed in last, and when: the next letters there belong to the same step. */
  readonly typing: { readonly field: string; readonly at: number } | null;
}

export function newHistory(answer: Answer): History {
  return { answer, past: [], future: [], typing: null };
}

/** @param field where letters are typed into a field: its name */
export function change(history: History, answer: Answer, now: number, field?: string): History {
  if (answer.parts === history.answer.parts) return { ...history, answer };
  const typing = field === undefined ? null : { field, at: now };
  const sameStep = field !== undefined && history.typing?.field === field && now - history.typing.at < TYPING_MS;
  if (sameStep) return { ...history, answer, typing };
  return { answer, past: [...history.past, history.answer].slice(-MAX_UNDO), future: [], typing };
}

export function undo(history: History): History {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { answer: before, past: history.past.slice(0, -1), future: [...history.future, history.answer], typing: null };
}

export function redo(history: History): History {
  const after = history.future.at(-1);
  if (after === undefined) return history;
  return { answer: after, past: [...history.past, history.answer], future: history.future.slice(0, -1), typing: null };
}
