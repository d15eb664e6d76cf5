import { codePointLength } from '#lib/domain/code-points';
import type { PartOf } from '#lib/domain/form-parts';
import type { PartContext } from '../../_state/part-model';
import type { Piece } from './words';

export interface Mark extends Piece {
  readonly category: string;
  /** Null until the person said it. */
  readonly severity: string | null;
  readonly note: string;
}

/** Marks of a draft that fit the task: a stale draft invents none. */
export function readMarks(kept: unknown, id: string, { part, task }: PartContext<PartOf<'span'>>): Mark[] {
  const list: unknown = typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>)[id] : null;
  if (!Array.isArray(list)) return [];
  const length = codePointLength(task.responses.find((one) => one.id === id)?.text ?? '');
  return list.flatMap((value: unknown): Mark[] => {
    if (typeof value !== 'object' || value === null) return [];
    const { start, end, category, severity, note } = value as Record<string, unknown>;
    const lies =
      Number.isInteger(start) && Number.isInteger(end) && 0 <= Number(start) && Number(start) < Number(end) && Number(end) <= length;
    const named = part.categories.find(({ key }) => key === category);
    if (!lies || named === undefined) return [];
    const bad = part.severities.find(({ key }) => key === severity)?.key ?? null;
    return [{ start: Number(start), end: Number(end), category: named.key, severity: bad, note: typeof note === 'string' ? note : '' }];
  });
}
