'use client';

import { useEffect } from 'react';
import { differing, words } from '../_state/word-diff';
import { useScreen } from './annotate-context';
import '../word-difference.css';
import { answerTextId } from './use-keys';

const name = 'word-difference';
/** Beyond this a text is not compared: the page would stand still. */
const MAX_CHARACTERS = 200_000;

/** Marks are painted over the text (CSS custom highlights), so that nothing in it moves or is rendered anew. */
export function canMark(): boolean {
  return typeof CSS !== 'undefined' && 'highlights' in CSS;
}

/** With differences on: in every other answer, the words that the focused one does not have; of two answers, in both. */
export function useDifferences(): void {
  const on = useScreen((state) => state.differences);
  const focus = useScreen((state) => state.current?.answer.at.answer ?? 0);
  const count = useScreen((state) => state.current?.view.responses.length ?? 0);
  const task = useScreen((state) => state.current?.view.assignmentId ?? null);
  useEffect(() => {
    if (!on || task === null || !canMark()) return;
    const texts = Array.from({ length: count }, (_, answer) => (lengthOf(answer) > MAX_CHARACTERS ? null : wordsOf(answer)));
    const highlight = new Highlight();
    texts.forEach((found, answer) => {
      // Of two, each is marked against the other; of more, all against the focused one.
      const base = texts[count === 2 ? 1 - answer : focus] ?? null;
      if (found === null || base === null || base === found) return;
      const flags = differing(
        base.map((word) => word.text),
        found.map((word) => word.text),
      );
      for (const range of joined(found.filter((_, index) => flags[index]))) highlight.add(range);
    });
    CSS.highlights.set(name, highlight);
    return () => {
      CSS.highlights.delete(name);
    };
  }, [on, focus, count, task]);
}

function lengthOf(answer: number): number {
  return document.getElementById(answerTextId(answer))?.textContent?.length ?? 0;
}

/** Words with nothing but blanks or punctuation between them are marked in one piece. */
function joined(found: readonly { readonly range: Range }[]): Range[] {
  const ranges: Range[] = [];
  for (const { range } of found) {
    const last = ranges.at(-1);
    const between =
      last?.endContainer === range.startContainer ? range.startContainer.nodeValue?.slice(last.endOffset, range.startOffset) : undefined;
    if (last !== undefined && between !== undefined && !/[\p{L}\p{N}]/u.test(between)) last.setEnd(range.endContainer, range.endOffset);
    else ranges.push(range);
  }
  return ranges;
}

function wordsOf(answer: number): { text: string; range: Range }[] {
  const root = document.getElementById(answerTextId(answer));
  if (root === null) return [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found: { text: string; range: Range }[] = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    for (const word of words(node.nodeValue ?? '')) {
      const range = new Range();
      range.setStart(node, word.start);
      range.setEnd(node, word.end);
      found.push({ text: word.text, range });
    }
  }
  return found;
}
