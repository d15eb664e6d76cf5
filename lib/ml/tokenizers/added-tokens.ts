import { z } from 'zod';
import type { AlignedText } from './aligned-text';
import type { Normalizer } from './normalizers';

export const addedTokenSchema = z.looseObject({
  id: z.number().int().nonnegative(),
  content: z.string().min(1),
  /** Only where no letter or digit stands next to it. */
  single_word: z.boolean().default(false),
  /** Takes the white space before it. */
  lstrip: z.boolean().default(false),
  /** Takes the white space after it. */
  rstrip: z.boolean().default(false),
  /** Special tokens are left out of decoded text. */
  special: z.boolean().default(false),
  /** Looked for after normalisation, in its own normalised form; else in the text as it is. */
  normalized: z.boolean().optional(),
});

export type AddedToken = z.infer<typeof addedTokenSchema>;

/** A part of a text: an added token, or text between them. */
interface Section {
  readonly text: AlignedText;
  readonly id: number | undefined;
}

export type Splitter = (text: AlignedText) => Section[];

const space = /\p{White_Space}/u;
const wordBefore = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const wordAfter = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

/** The character before unit `at`, and the one from it on: two units hold any character. */
const around = (text: string, at: number) => [text.slice(Math.max(0, at - 2), at), text.slice(at, at + 2)] as const;

function splitterOf(tokens: readonly (AddedToken & { readonly written: string })[]): Splitter {
  if (tokens.length === 0) return (text) => [{ text, id: undefined }];
  const byText = new Map(tokens.map((token) => [token.written, token]));
  // the longest first: an alternation takes the first that fits
  const alternatives = [...byText.keys()]
    .sort((a, b) => b.length - a.length)
    .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  const pattern = new RegExp(alternatives.join('|'), 'g');
  return (aligned) => {
    const { text } = aligned;
    const sections: Section[] = [];
    let position = 0;
    const add = (from: number, to: number, id: number | undefined) => {
      if (to > from) sections.push({ text: aligned.slice(from, to), id });
    };
    for (const match of text.matchAll(pattern)) {
      const token = byText.get(match[0]) as AddedToken;
      let from = match.index;
      let to = from + match[0].length;
      if (token.single_word && (wordBefore.test(around(text, from)[0]) || wordAfter.test(around(text, to)[1]))) continue;
      if (token.lstrip) while (from > position && space.test(text.charAt(from - 1))) from -= 1;
      if (token.rstrip) while (to < text.length && space.test(text.charAt(to))) to += 1;
      add(position, from, undefined);
      add(from, to, token.id);
      position = to;
    }
    add(position, text.length, undefined);
    return sections;
  };
}

/** One splitter for the text as it is, one for normalised text. */
export function buildSplitters(tokens: readonly AddedToken[], normalizer: Normalizer, of: (text: string) => AlignedText) {
  const isNormalized = (token: AddedToken) => token.normalized ?? !token.special;
  return {
    asWritten: splitterOf(tokens.filter((token) => !isNormalized(token)).map((token) => ({ ...token, written: token.content }))),
    normalized: splitterOf(
      tokens
        .filter(isNormalized)
        .map((token) => ({ ...token, written: normalizer(of(token.content)).text }))
        .filter(({ written }) => written !== ''),
    ),
  };
}
