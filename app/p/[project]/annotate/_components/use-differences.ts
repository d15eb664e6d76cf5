'use client';

import { useEffect } from 'react';
import { differing, words } from '../_state/word-diff';
import { useScreen } from './annotate-context';
import '../word-difference.css';
import { answerTextId } from './use-keys';

const name = 'word-difference';

/** Marks are painted over the text (CSS custom highlights), so that nothing in it moves or is rendered anew. */
export function canMark(): boolean {
  return typeof CSS !== 'undefined' && 'highlights' in CSS;
}

/** With differences on: in every other answer, the words that the focused one does not have. */
export function useDifferences(): void {
  const on = useScreen((state) => state.differences);
  const focus = useScreen((state) => state.current?.answer.at.answer ?? 0);
  const count = useScreen((state) => state.current?.view.responses.length ?? 0);
  const task = useScreen((state) => state.current?.view.assignmentId ?? null);
  useEffect(() => {
    if (!on || task === null || !canMark()) return;
    const base = wordsOf(focus).map((word) => word.text);
    const highlight = new Highlight();
    for (let answer = 0; answer < count; answer += 1) {
      if (answer === focus) continue;
      const found = wordsOf(answer);
      const flags = differing(
        base,
        found.map((word) => word.text),
      );
      for (const range of joined(found.filter((_, index) => flags[index]))) highlight.add(range);
    }
    CSS.highlights.set(name, highlight);
    return () => {
      CSS.highlights.delete(name);
    };
  }, [on, focus, count, task]);
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
