import { AppError } from '#lib/errors';

const shown = 8;

/**
 * The own entries of an object, whatever they are called ("__proto__" as well), whose keys must be among the allowed ones.
 * @throws AppError BAD_INPUT naming those that are not
 */
export function readRecord(value: unknown, allowed: readonly string[], field: string): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('BAD_INPUT', `${field} is not an object of fields.`, { details: { field } });
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const names = new Set(allowed);
  const unknown = entries.map(([key]) => key).filter((key) => !names.has(key));
  if (unknown.length > 0) {
    const listed = unknown.slice(0, shown).map((key) => key.slice(0, 60));
    throw new AppError('BAD_INPUT', `${field} has something that was not asked for: ${listed.join(', ')}.`, {
      details: { field, unknown: listed },
    });
  }
  return new Map(entries);
}
