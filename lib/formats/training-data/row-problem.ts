import { z } from 'zod';
import { hasLoneSurrogate } from '#lib/domain/canonical-json';

export type JsonRow = Readonly<Record<string, unknown>>;

/** Why a row is not taken: field, what was found, what is wanted. */
export class RowProblem extends Error {
  constructor(
    readonly field: string,
    readonly found: string,
    readonly wanted: string,
  ) {
    super(`${field === '' ? '' : `${field}: `}found ${found}; wanted ${wanted}`);
  }
}

const excerptLength = 60;

/** A value as the reader finds it in the file, cut. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > excerptLength ? `${text.slice(0, excerptLength)}...` : text;
}

function pathText(field: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${String(part)}`), field);
}

/** The value of a field by its schema. Throws RowProblem at the exact place inside the field. */
export function take<T>(value: unknown, field: string, schema: z.ZodType<T>, wanted: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path ?? [];
  const found = path.reduce<unknown>((inner, part) => (inner as Record<PropertyKey, unknown> | undefined)?.[part], value);
  throw new RowProblem(pathText(field, path), shown(found), issue?.code === 'custom' ? issue.message : wanted);
}

/** Half of a surrogate pair has no UTF-8, so no tokens. */
export const textSchema = z.string().refine((text) => !hasLoneSurrogate(text), 'a text without halves of surrogate pairs');
