import type { Piece } from './words';

/**
 * What is selected in the focused answer, kept in the cursor: two places in one number, because a cursor is no part of the judgement and
 * is not undone. 0 = nothing. `head` is the end that keys move.
 */
interface Selection {
  readonly anchor: number;
  readonly head: number;
}

const width = 2 ** 26;

export function toItem(selection: Selection | null): number {
  return selection === null ? 0 : 1 + selection.anchor * width + selection.head;
}

export function selectionOf(item: number): Selection | null {
  return item === 0 ? null : { anchor: Math.floor((item - 1) / width), head: (item - 1) % width };
}

export function pieceOfSelection(selection: Selection | null): Piece | null {
  if (selection === null) return null;
  const { anchor, head } = selection;
  return { start: Math.min(anchor, head), end: Math.max(anchor, head) };
}

/** The word after or before the selection; with `extend` the selection grows by it, or shrinks where it comes back. */
export function moveByWord(words: readonly Piece[], selection: Selection | null, by: 1 | -1, extend: boolean): Selection | null {
  if (selection === null || !extend) return single(next(words, selection, by)) ?? selection;
  const { anchor, head } = selection;
  if (by > 0) {
    const growing = head >= anchor;
    const word = growing ? words.find(({ end }) => end > head) : words.find(({ start }) => start > head);
    const to = word === undefined ? null : growing ? word.end : Math.min(word.start, anchor);
    return to === null ? selection : settled(words, anchor, to);
  }
  const growing = head <= anchor;
  const word = growing ? words.findLast(({ start }) => start < head) : words.findLast(({ end }) => end < head);
  const to = word === undefined ? null : growing ? word.start : Math.max(word.end, anchor);
  return to === null ? selection : settled(words, anchor, to);
}

/** Shrunk to nothing, the selection turns over the word at its anchor. */
function settled(words: readonly Piece[], anchor: number, head: number): Selection {
  if (anchor !== head) return { anchor, head };
  const before = words.findLast(({ end }) => end <= anchor);
  return before === undefined ? { anchor, head } : { anchor, head: before.start };
}

function next(words: readonly Piece[], selection: Selection | null, by: 1 | -1): Piece | undefined {
  const piece = pieceOfSelection(selection);
  if (piece === null) return by > 0 ? words[0] : words.at(-1);
  return by > 0 ? words.find(({ start }) => start >= piece.end) : words.findLast(({ end }) => end <= piece.start);
}

function single(word: Piece | undefined): Selection | null {
  return word === undefined ? null : { anchor: word.start, head: word.end };
}
