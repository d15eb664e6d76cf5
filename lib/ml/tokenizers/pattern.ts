import { SplitPreTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';

/** What is written in a tokenizer.json and cannot be run; becomes BAD_INPUT with the name of the file. */
export type Refuse = (message: string) => Error;

const patternSchema = z.union([
  z.object({ String: z.string() }),
  z.object({ Regex: z.string() }),
  z.string().transform((text) => ({ String: text })),
]);

/**
 * A pattern of tokenizer.json as a global JavaScript expression. Such files hold Oniguruma's syntax (Unicode white space in `\s`,
 * possessive quantifiers, inline case folding, class intersections), which the library rewrites.
 */
export function compilePattern(written: unknown, refuse: Refuse): RegExp {
  const pattern = patternSchema.safeParse(written);
  if (!pattern.success) throw refuse(`a pattern is ${JSON.stringify(written)}, expected {"String": ...} or {"Regex": ...}`);
  try {
    const compiled = new SplitPreTokenizer({ type: 'Split', pattern: pattern.data, behavior: 'Isolated', invert: false }).pattern;
    if (compiled) return compiled;
  } catch (error) {
    throw refuse(`the pattern ${JSON.stringify(written)} cannot be run (${error instanceof Error ? error.message : String(error)})`);
  }
  throw refuse(`the pattern ${JSON.stringify(written)} cannot be run`);
}
