import { AppError } from '#lib/errors';
import type { PartOf } from './form-parts';
import { readRecord } from './read-record';

type Of = PartOf<'rating'>['of'];

/** What is judged: each answer, or the task as one. */
function subjectsOf(of: Of, responseIds: readonly string[]): readonly string[] {
  return of === 'task' ? ['task'] : responseIds;
}

/** Whole numbers within the scale; every attribute that is required, of every subject. */
export function parseRatings(
  part: PartOf<'rating'>,
  responseIds: readonly string[],
  value: unknown,
): Record<string, Record<string, number>> {
  const subjects = subjectsOf(part.of, responseIds);
  const given = readRecord(value ?? {}, subjects, 'ratings');
  const keys = part.attributes.map(({ key }) => key);
  const ratings: Record<string, Record<string, number>> = {};
  const missing: string[] = [];
  for (const subject of subjects) {
    const values = readRecord(given.get(subject) ?? {}, keys, `ratings.${subject}`);
    const rated: Record<string, number> = {};
    for (const attribute of part.attributes) {
      const score = values.get(attribute.key);
      if (score !== undefined) rated[attribute.key] = requireScore(score, attribute, `ratings.${subject}.${attribute.key}`);
      else if (attribute.required) missing.push(`${subject}.${attribute.key}`);
    }
    if (Object.keys(rated).length > 0) ratings[subject] = rated;
  }
  if (missing.length > 0) {
    throw new AppError('BAD_INPUT', `${missing.length} ratings are missing.`, {
      details: { field: 'ratings', missing: missing.slice(0, 100) },
    });
  }
  return ratings;
}

function requireScore(score: unknown, { label, min, max }: { label: string; min: number; max: number }, field: string): number {
  if (typeof score === 'number' && Number.isInteger(score) && score >= min && score <= max) return score === 0 ? 0 : score;
  throw new AppError('BAD_INPUT', `"${label}" is a whole number from ${min} to ${max}.`, { details: { field } });
}

/**
 * Flags in the order of the form. Where flags are the task itself, "none applies" has to be said with an empty list;
 * where they are asked besides, nothing said means none.
 */
export function parseFlags(
  part: PartOf<'flags'>,
  responseIds: readonly string[],
  value: unknown,
  explicit: boolean,
): Record<string, string[]> {
  const subjects = subjectsOf(part.of, responseIds);
  const given = readRecord(value ?? {}, subjects, 'flags');
  const missing = subjects.filter((subject) => !given.has(subject));
  if (explicit && missing.length > 0) {
    throw new AppError('BAD_INPUT', 'Flag every answer, or say that none applies.', { details: { field: 'flags', missing } });
  }
  const keys = part.flags.map(({ key }) => key);
  return Object.fromEntries(subjects.map((subject) => [subject, requireFlags(given.get(subject) ?? [], keys, `flags.${subject}`)]));
}

function requireFlags(value: unknown, keys: readonly string[], field: string): string[] {
  if (!Array.isArray(value) || value.length > keys.length) {
    throw new AppError('BAD_INPUT', `${field} is not a list of flags, each named once.`, { details: { field } });
  }
  const named = new Set<unknown>(value);
  const unknown = value.filter((flag) => !keys.includes(flag));
  if (unknown.length > 0 || named.size < value.length) {
    const message = unknown.length > 0 ? `${field} has a flag that the form does not have.` : `${field} has a flag twice.`;
    throw new AppError('BAD_INPUT', message, { details: { field, unknown: unknown.map((flag) => String(flag).slice(0, 60)) } });
  }
  return keys.filter((key) => named.has(key));
}
