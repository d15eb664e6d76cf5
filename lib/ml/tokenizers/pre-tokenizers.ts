import { z } from 'zod';
import type { AlignedText } from './aligned-text';
import { byteLevelText, gpt2Words } from './byte-alphabet';
import { compilePattern, type Refuse } from './pattern';

/** Cuts a text into the words that the model sees one by one. */
export type PreTokenizer = (text: AlignedText) => AlignedText[];

const behaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
type Behavior = (typeof behaviors)[number];

const named = z.looseObject({ type: z.string() });
const schemas = {
  ByteLevel: z.looseObject({ add_prefix_space: z.boolean().default(false), use_regex: z.boolean().default(true) }),
  Split: z.looseObject({ pattern: z.unknown(), behavior: z.enum(behaviors), invert: z.boolean().default(false) }),
  Punctuation: z.looseObject({ behavior: z.enum(behaviors).default('Isolated') }),
  Digits: z.looseObject({ individual_digits: z.boolean().default(false) }),
  Metaspace: z.looseObject({
    replacement: z.string().default('\u2581'),
    prepend_scheme: z.enum(['first', 'never', 'always']).optional(),
    /** Older files. */
    add_prefix_space: z.boolean().optional(),
    split: z.boolean().default(true),
  }),
  CharDelimiterSplit: z.looseObject({ delimiter: z.string() }),
  FixedLength: z.looseObject({ length: z.number().int().positive() }),
  Sequence: z.looseObject({ pretokenizers: z.array(z.unknown()) }),
};

const space = /\p{White_Space}/gu;
const wordsAndSymbols =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu;
const punctuation = /[\p{P}!-/:-@[-`{-~]/gu;

interface Segment {
  from: number;
  to: number;
  readonly match: boolean;
}

/** What a split leaves of the text, as Hugging Face's `SplitDelimiterBehavior` names it. */
function splitRanges(text: string, pattern: RegExp, behavior: Behavior, invert = false): Segment[] {
  const found: Segment[] = [];
  let position = 0;
  const push = (from: number, to: number, match: boolean) => {
    if (to > from) found.push({ from, to, match: match !== invert });
  };
  for (const match of text.matchAll(pattern)) {
    push(position, match.index, false);
    position = match.index + match[0].length;
    push(match.index, position, true);
  }
  push(position, text.length, false);
  if (behavior === 'Isolated') return found;
  if (behavior === 'Removed') return found.filter(({ match }) => !match);
  const merged: Segment[] = [];
  if (behavior === 'MergedWithNext') {
    let nextIsMatch = false;
    for (const segment of found.reverse()) {
      const next = merged.at(-1);
      if (segment.match && !nextIsMatch && next) next.from = segment.from;
      else merged.push({ ...segment });
      nextIsMatch = segment.match;
    }
    return merged.reverse();
  }
  let previousIsMatch: boolean | undefined;
  for (const segment of found) {
    const last = merged.at(-1);
    const joins = behavior === 'Contiguous' ? segment.match === previousIsMatch : segment.match && !previousIsMatch;
    if (joins && last) last.to = segment.to;
    else merged.push({ ...segment });
    previousIsMatch = segment.match;
  }
  return merged;
}

const splitter =
  (pattern: RegExp, behavior: Behavior, invert = false): PreTokenizer =>
  (text) =>
    splitRanges(text.text, pattern, behavior, invert).map(({ from, to }) => text.slice(from, to));

function metaspace(settings: z.infer<typeof schemas.Metaspace>): PreTokenizer {
  const { replacement, split } = settings;
  const scheme = settings.prepend_scheme ?? (settings.add_prefix_space === false ? 'never' : 'always');
  const cut = splitter(new RegExp(replacement.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'gu'), 'MergedWithNext');
  return (text) => {
    const edits = Array.from(text.text.matchAll(/ /g), ({ index }) => ({ from: index, to: index + 1, text: replacement }));
    const starts = text.text.startsWith(' ') || text.text.startsWith(replacement);
    if (!starts && (scheme === 'always' || (scheme === 'first' && text.atStart))) edits.unshift({ from: 0, to: 0, text: replacement });
    const replaced = text.replace(edits);
    return split ? cut(replaced) : [replaced];
  };
}

function byteLevel(addPrefixSpace: boolean, useRegex: boolean): PreTokenizer {
  const cut = splitter(gpt2Words, 'Isolated');
  return (text) => {
    const begun = addPrefixSpace && !text.text.startsWith(' ') ? text.replace([{ from: 0, to: 0, text: ' ' }]) : text;
    return (useRegex ? cut(begun) : [begun]).map(byteLevelText);
  };
}

/** @throws what `refuse` makes, where the kind is unknown or a setting is not as expected */
export function buildPreTokenizer(written: unknown, refuse: Refuse): PreTokenizer {
  if (written === null || written === undefined) return (text) => [text];
  const type = named.safeParse(written).data?.type;
  const settings = <T>(schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(written);
    if (parsed.success) return parsed.data;
    throw refuse(`the pre-tokenizer ${type} has no usable ${parsed.error.issues[0]?.path.join('.')}`);
  };
  switch (type) {
    case 'ByteLevel': {
      const { add_prefix_space: addPrefixSpace, use_regex: useRegex } = settings(schemas.ByteLevel);
      return byteLevel(addPrefixSpace, useRegex);
    }
    case 'Split': {
      const { pattern, behavior, invert } = settings(schemas.Split);
      return splitter(compilePattern(pattern, refuse), behavior, invert);
    }
    case 'Punctuation':
      return splitter(punctuation, settings(schemas.Punctuation).behavior);
    case 'Digits':
      return splitter(/\p{N}/gu, settings(schemas.Digits).individual_digits ? 'Isolated' : 'Contiguous');
    case 'Metaspace':
      return metaspace(settings(schemas.Metaspace));
    case 'Whitespace':
      return splitter(wordsAndSymbols, 'Removed', true);
    case 'WhitespaceSplit':
      return splitter(space, 'Removed');
    case 'BertPreTokenizer': {
      const symbols = splitter(punctuation, 'Isolated');
      return (text) => splitter(space, 'Removed')(text).flatMap(symbols);
    }
    case 'CharDelimiterSplit':
      return splitter(compilePattern({ String: settings(schemas.CharDelimiterSplit).delimiter }, refuse), 'Removed');
    case 'FixedLength':
      return splitter(new RegExp(`[\\s\\S]{1,${settings(schemas.FixedLength).length}}`, 'gu'), 'Isolated');
    case 'Sequence': {
      const steps = settings(schemas.Sequence).pretokenizers.map((step) => buildPreTokenizer(step, refuse));
      return (text) => steps.reduce<AlignedText[]>((pieces, step) => pieces.flatMap(step), [text]);
    }
    default:
      throw refuse(`the pre-tokenizer is ${JSON.stringify(type)}, which is not known`);
  }
}
