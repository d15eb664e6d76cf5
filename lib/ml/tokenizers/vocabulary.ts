import { z } from 'zod';
import type { Refuse } from './pattern';

/** Taken as it is: a record schema would copy hundreds of thousands of entries, and drop a piece named `__proto__`. */
export const vocabularySchema = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/** Pieces to ids. @throws what `refuse` makes, naming a piece whose id is none */
export function vocabularyMap(written: Readonly<Record<string, unknown>>, refuse: Refuse): Map<string, number> {
  const vocabulary = new Map<string, number>();
  for (const [piece, id] of Object.entries(written)) {
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0 || id >= 2 ** 31)
      throw refuse(`the id of ${JSON.stringify(piece)} is ${JSON.stringify(id)}, expected a whole number from 0 on`);
    vocabulary.set(piece, id);
  }
  return vocabulary;
}
