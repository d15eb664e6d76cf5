import { codePointLength, unkeepableAt } from '#lib/domain/code-points';
import type { PartOf } from '#lib/domain/form-parts';
import type { Missing, PartModel } from '../../_state/part-model';

export interface DemonstrationState {
  readonly text: string;
}

export interface DemonstrationAction {
  readonly type: 'write';
  readonly text: string;
}

/** The answer that a person writes. */
export const demonstrationModel: PartModel<PartOf<'demonstration'>, DemonstrationState, DemonstrationAction> = {
  open: (_context, kept) => ({ text: keptText(kept) ?? '' }),
  restore: (_context, { text = '' }) => ({ text }),
  reduce: (scope, { text }) => (text === scope.state.text ? scope : { ...scope, state: { text } }),
  draft: ({ text }) => ({ text }),
  missing: ({ text }, { part }) => missingOfText(text, part.minCharacters, part.maxCharacters),
  content: ({ text }) => ({ text }),
  key: () => null,
  said: () => null,
  summary: ({ text }) => ({ key: 'writing.why.written', values: { count: codePointLength(text) } }),
};

/** Why a written text cannot be sent yet. */
export function missingOfText(text: string, min: number, max: number): Missing | null {
  if (text.trim() === '') return { title: { key: 'writing.why.empty' }, todo: { key: 'writing.why.emptyDo' } };
  const bad = unkeepableAt(text);
  if (bad !== null) return { title: { key: 'writing.why.character', values: { at: bad + 1 } }, todo: { key: 'writing.why.characterDo' } };
  const length = codePointLength(text);
  if (length < min) {
    return { title: { key: 'writing.why.short', values: { count: min - length } }, todo: { key: 'writing.why.shortDo', values: { min } } };
  }
  if (length <= max) return null;
  return { title: { key: 'writing.why.long', values: { count: length - max } }, todo: { key: 'writing.why.longDo', values: { max } } };
}

export function keptText(kept: unknown): string | null {
  return typeof kept === 'object' && kept !== null && 'text' in kept && typeof kept.text === 'string' ? kept.text : null;
}
