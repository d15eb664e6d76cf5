import { AppError } from '#lib/errors';
import { codePointLength, unkeepableAt } from './code-points';
import type { PartOf } from './form-parts';
import { readRecord } from './read-record';
import { type TextChange, textAfter, textBefore, textChanges } from './text-changes';

const maxNote = 5000;

export function parseDemonstration(part: PartOf<'demonstration'>, value: unknown): string {
  const text = requireText(value ?? '', 'text', part.maxCharacters);
  const length = codePointLength(text.trim());
  const least = Math.max(1, part.minCharacters);
  if (length < least) {
    const message = length === 0 ? 'The answer is still empty.' : `The answer has ${length} characters; at least ${least} are wanted.`;
    throw new AppError('BAD_INPUT', message, { details: { field: 'text' } });
  }
  return text;
}

/** @returns null where nothing was written and nothing has to be */
export function parseNote(part: PartOf<'note'>, value: unknown): string | null {
  const text = requireText(value ?? '', 'note', maxNote).trim();
  if (text === '' && part.required) throw new AppError('BAD_INPUT', `"${part.label}" is still empty.`, { details: { field: 'note' } });
  return text === '' ? null : text;
}

export interface Correction {
  readonly responseId: string;
  readonly text: string;
  readonly changes: readonly TextChange[];
  /** Said outright: the answer is right as it is. */
  readonly unchanged?: true;
}

/** The changes are worked out here; those that a client sends along have to join to the same two texts. */
export function parseCorrection(
  part: PartOf<'correction'>,
  responses: readonly { readonly id: string; readonly text: string }[],
  value: unknown,
): Correction {
  const given = readRecord(value ?? {}, ['responseId', 'text', 'changes', 'unchanged'], 'correction');
  const original = responses.find(({ id }) => id === given.get('responseId'));
  if (!original) throw new AppError('BAD_INPUT', 'Say which answer is corrected.', { details: { field: 'correction.responseId' } });
  const text = requireText(given.get('text'), 'correction.text', part.maxCharacters);
  const unchanged = requireUnchanged(given.get('unchanged'), text === original.text);
  const claimed = given.get('changes');
  if (claimed !== undefined && !joins(claimed, original.text, text)) {
    throw new AppError('BAD_INPUT', 'The changes do not lead from the answer to the corrected text.', {
      details: { field: 'correction.changes' },
    });
  }
  return { responseId: original.id, text, changes: textChanges(original.text, text), ...(unchanged && { unchanged }) };
}

/** An answer that nobody touched is no correction; that it is right has to be said. */
function requireUnchanged(said: unknown, isSame: boolean): true | undefined {
  if (isSame && said === true) return true;
  if (isSame) {
    throw new AppError('BAD_INPUT', 'The answer stands as it was: correct it, or say that it is right as it is.', {
      details: { field: 'correction.text' },
    });
  }
  if (said === undefined) return undefined;
  throw new AppError('BAD_INPUT', 'The answer was changed, and is said to be right as it was.', {
    details: { field: 'correction.unchanged' },
  });
}

function joins(value: unknown, before: string, after: string): boolean {
  const isChange = (item: unknown): item is TextChange =>
    Array.isArray(item) && item.length === 2 && [0, -1, 1].includes(item[0]) && typeof item[1] === 'string';
  return Array.isArray(value) && value.every(isChange) && textBefore(value) === before && textAfter(value) === after;
}

export function requireText(value: unknown, field: string, maxCharacters: number): string {
  if (typeof value !== 'string') throw new AppError('BAD_INPUT', `${field} is not a text.`, { details: { field } });
  const length = codePointLength(value);
  if (length > maxCharacters) {
    throw new AppError('BAD_INPUT', `The text has ${length} characters; at most ${maxCharacters} are kept.`, { details: { field } });
  }
  const bad = unkeepableAt(value);
  if (bad !== null) {
    throw new AppError('BAD_INPUT', `Character ${bad + 1} of the text cannot be kept: write it anew.`, { details: { field } });
  }
  return value;
}
