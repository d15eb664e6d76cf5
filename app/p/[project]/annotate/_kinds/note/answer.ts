import type { PartOf } from '#lib/domain/form-parts';
import type { PartModel } from '../../_state/part-model';

/** As typed. */
export type NoteState = string;

export interface NoteAction {
  readonly type: 'write';
  readonly text: string;
}

export const noteModel: PartModel<PartOf<'note'>, NoteState, NoteAction> = {
  open: (_context, kept) => (typeof kept === 'string' ? kept : ''),
  restore: (_context, { note = '' }) => note,
  reduce: (scope, { text }) => (text === scope.state ? scope : { ...scope, state: text }),
  draft: (state) => state,
  missing(state, { part }) {
    if (!part.required || state.trim() !== '') return null;
    return { title: { key: 'annotate.note.missing', values: { label: part.label } }, todo: { key: 'annotate.note.missingDo' } };
  },
  content: (state) => (state.trim() === '' ? {} : { note: state }),
  key: () => null,
  said: () => null,
};
