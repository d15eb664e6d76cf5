import type { PartOf } from '#lib/domain/form-parts';
import { textChanges } from '#lib/domain/text-changes';
import type { PartContext, PartModel } from '../../_state/part-model';
import { keptText, missingOfText } from '../demonstration/answer';

export interface CorrectionState {
  readonly text: string;
  /** Said by the person: nothing has to be changed. Not the same as having changed nothing. */
  readonly right: boolean;
}

export type CorrectionAction = { readonly type: 'write'; readonly text: string } | { readonly type: 'right' | 'back' };

type Context = PartContext<PartOf<'correction'>>;

/** An answer as it should be, beside what it was. */
export const correctionModel: PartModel<PartOf<'correction'>, CorrectionState, CorrectionAction> = {
  open(context, kept) {
    const text = keptText(kept) ?? originalOf(context);
    const right = typeof kept === 'object' && kept !== null && 'right' in kept && kept.right === true;
    return { text, right: right && text === originalOf(context) };
  },

  restore(context, { correction }) {
    const text = correction?.text ?? originalOf(context);
    return { text, right: correction !== undefined && text === originalOf(context) };
  },

  reduce(scope, action, context) {
    const { text, right } = scope.state;
    const original = originalOf(context);
    if (action.type === 'write') {
      const written = withLineEndsOf(original, action.text);
      return written === text ? scope : { ...scope, state: { text: written, right: false } };
    }
    if (action.type === 'back') return text === original ? scope : { ...scope, state: { text: original, right: false } };
    return text === original ? { ...scope, state: { text, right: !right } } : scope;
  },

  draft: ({ text, right }) => ({ text, right }),

  missing({ text, right }, context) {
    const missing = missingOfText(text, 1, context.part.maxCharacters);
    if (missing !== null || right || text !== originalOf(context)) return missing;
    return { title: { key: 'writing.why.unchanged' }, todo: { key: 'writing.why.unchangedDo' } };
  },

  content({ text, right }, context) {
    const responseId = context.task.responses[0]?.id ?? '';
    return { correction: { responseId, text, changes: textChanges(originalOf(context), text), ...(right && { unchanged: true }) } };
  },

  key: (press) => (press.type === 'letter' && press.letter === 'c' && !press.shift ? { type: 'right' } : null),

  said: (action, _before, { right }) => (action.type === 'right' && right ? { key: 'writing.why.right' } : null),

  summary({ text, right }, context) {
    if (right) return { key: 'writing.why.right' };
    return { key: 'writing.why.changed', values: { count: countChanges(originalOf(context), text) } };
  },
};

/** A field gives back LF alone: an answer in CRLF stays in CRLF, and one that was not changed stays what it was. */
function withLineEndsOf(original: string, text: string): string {
  if (!original.includes('\r')) return text;
  const lines = (value: string) => value.replace(/\r\n?/g, '\n');
  if (lines(original) === lines(text)) return original;
  return /[^\r]\n|^\n|\r(?!\n)/.test(original) ? text : lines(text).replaceAll('\n', '\r\n');
}

export function originalOf({ task }: Pick<Context, 'task'>): string {
  return task.responses[0]?.text ?? '';
}

/** Places at which the two texts differ: a replaced word is one. */
export function countChanges(before: string, after: string): number {
  let places = 0;
  let inside = false;
  for (const [op] of textChanges(before, after)) {
    if (op !== 0 && !inside) places += 1;
    inside = op !== 0;
  }
  return places;
}
