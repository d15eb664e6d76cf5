/** What of an annotation's content can be held against another's; free text cannot. */
export interface ComparableContent {
  readonly ranks?: Readonly<Record<string, number>> | undefined;
  readonly aside?: readonly string[] | undefined;
  readonly bothBad?: boolean | undefined;
  readonly ratings?: Readonly<Record<string, Readonly<Record<string, number>>>> | undefined;
  readonly flags?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly spans?: Readonly<Record<string, readonly MarkedSpan[]>> | undefined;
}

interface MarkedSpan {
  readonly start: number;
  readonly end: number;
  readonly category: string;
}

interface AnswerAgreement {
  /** Share of what was compared that agrees, 0 to 1. */
  readonly agreement: number;
  /** How many parts were compared: pairs of answers, ratings, flagged things, texts with marks. */
  readonly compared: number;
}

/**
 * How far an answer agrees with a known one. Comparisons: the share of pairs with the same verdict, a tie against a
 * preference counting half. Ratings: the share within `ratingTolerance` steps. Flags: the Jaccard index of each thing
 * flagged. Marks: F1 of the characters marked with the same category. Null where nothing can be compared (free text).
 */
export function compareAnswers(
  expected: ComparableContent,
  given: ComparableContent,
  options: { readonly ratingTolerance: number },
): AnswerAgreement | null {
  const parts = [
    ...comparePairs(expected, given),
    ...compareRatings(expected, given, options.ratingTolerance),
    ...compareFlags(expected, given),
    ...compareSpans(expected, given),
  ];
  if (parts.length === 0) return null;
  return { agreement: parts.reduce((sum, part) => sum + part, 0) / parts.length, compared: parts.length };
}

function comparePairs(expected: ComparableContent, given: ComparableContent): number[] {
  const ids = [...Object.keys(expected.ranks ?? {}), ...(expected.aside ?? [])].sort();
  if (!given.ranks && !given.aside) return [];
  return ids.flatMap((first, index) =>
    ids.slice(index + 1).map((second) => pairAgreement(verdict(expected, first, second), verdict(given, first, second))),
  );
}

/** The sign of a pair; or that both are bad; or which of the two cannot be ranked. */
function verdict(content: ComparableContent, first: string, second: string): number | string {
  if (content.bothBad) return bothBad;
  const a = content.ranks?.[first];
  const b = content.ranks?.[second];
  if (a !== undefined && b !== undefined) return Math.sign(a - b);
  return `aside:${a === undefined}:${b === undefined}`;
}

const bothBad = 'both bad';

function pairAgreement(expected: number | string, given: number | string): number {
  if (expected === given) return 1;
  const ties: readonly unknown[] = [0, bothBad];
  if (ties.includes(expected) && ties.includes(given)) return 0.5;
  if (typeof expected === 'string' || typeof given === 'string') return 0;
  return expected === 0 || given === 0 ? 0.5 : 0;
}

function compareRatings(expected: ComparableContent, given: ComparableContent, tolerance: number): number[] {
  return Object.entries(expected.ratings ?? {}).flatMap(([subject, attributes]) =>
    Object.entries(attributes).map(([attribute, value]) => {
      const other = given.ratings?.[subject]?.[attribute];
      return other !== undefined && Math.abs(value - other) <= tolerance ? 1 : 0;
    }),
  );
}

function compareFlags(expected: ComparableContent, given: ComparableContent): number[] {
  if (!expected.flags) return [];
  const subjects = new Set([...Object.keys(expected.flags), ...Object.keys(given.flags ?? {})]);
  if (subjects.size === 0) return [1];
  return [...subjects].map((subject) => jaccard(expected.flags?.[subject] ?? [], given.flags?.[subject] ?? []));
}

function jaccard(a: readonly string[], b: readonly string[]): number {
  const union = new Set([...a, ...b]);
  if (union.size === 0) return 1;
  const shared = new Set(a.filter((flag) => b.includes(flag)));
  return shared.size / union.size;
}

function compareSpans(expected: ComparableContent, given: ComparableContent): number[] {
  if (!expected.spans) return [];
  const texts = new Set([...Object.keys(expected.spans), ...Object.keys(given.spans ?? {})]);
  if (texts.size === 0) return [1];
  return [...texts].map((id) => overlapF1(expected.spans?.[id] ?? [], given.spans?.[id] ?? []));
}

function overlapF1(expected: readonly MarkedSpan[], given: readonly MarkedSpan[]): number {
  const wanted = markedCharacters(expected);
  const found = markedCharacters(given);
  if (wanted.size + found.size === 0) return 1;
  let shared = 0;
  for (const character of found) if (wanted.has(character)) shared += 1;
  return (2 * shared) / (wanted.size + found.size);
}

function markedCharacters(spans: readonly MarkedSpan[]): Set<string> {
  const marked = new Set<string>();
  for (const { start, end, category } of spans) {
    for (let position = start; position < end; position += 1) marked.add(`${position} ${category}`);
  }
  return marked;
}
