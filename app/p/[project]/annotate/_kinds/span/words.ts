import { toCodePoints } from '#lib/domain/code-points';

/** A piece of a text, in code points; the end is not included. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

const known = new Map<string, readonly Piece[]>();
const keptTexts = 9;

/** The words of a text, for moving over them by key; by the rules of Unicode, so that Chinese has words too. */
export function wordsOf(text: string): readonly Piece[] {
  const before = known.get(text);
  if (before !== undefined) return before;
  const words: Piece[] = [];
  let at = 0;
  for (const { segment, isWordLike } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)) {
    const length = toCodePoints(segment, segment.length);
    if (isWordLike || /[\p{S}\p{P}]/u.test(segment)) words.push({ start: at, end: at + length });
    at += length;
  }
  if (known.size >= keptTexts) known.delete(known.keys().next().value ?? '');
  known.set(text, words);
  return words;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** No character that people see is longer; looking further would cost more than it could find. */
const longestGrapheme = 64;

/**
 * A selection of the browser, in code units, as a piece: no character that people see is cut, blanks around are left out. Null where
 * nothing but blanks is selected.
 */
export function pieceOf(text: string, from: number, to: number): Piece | null {
  let [start, end] = from <= to ? [from, to] : [to, from];
  start = graphemeAround(text, start).start;
  end = graphemeAround(text, end).end;
  const inside = text.slice(start, end);
  const trimmed = inside.trim();
  if (trimmed === '') return null;
  start += inside.indexOf(trimmed);
  const first = toCodePoints(text, start);
  return { start: first, end: first + toCodePoints(trimmed, trimmed.length) };
}

/** The boundaries of the character that a position lies within; both are the position where it lies between two. */
function graphemeAround(text: string, at: number): { start: number; end: number } {
  if (at <= 0 || at >= text.length) return { start: at, end: at };
  const base = wholeBefore(text, Math.max(0, at - longestGrapheme));
  const found = graphemes.segment(text.slice(base, at + longestGrapheme)).containing(at - base);
  if (found === undefined || found.index === at - base) return { start: at, end: at };
  return { start: base + found.index, end: base + found.index + found.segment.length };
}

/** Not between the halves of a surrogate pair. */
function wholeBefore(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return at > 0 && unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
