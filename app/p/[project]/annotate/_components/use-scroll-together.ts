'use client';

import { useEffect } from 'react';
import { type Anchor, anchorsOf, heightAt } from '../_state/matching-lines';
import { useScreen } from './annotate-context';
import { answerTextId } from './use-keys';

/** With the switch on, answers scroll together: lines that they share stay side by side. */
export function useScrollTogether(possible: boolean): void {
  const on = useScreen((state) => state.together);
  const count = useScreen((state) => state.current?.view.responses.length ?? 0);
  const task = useScreen((state) => state.current?.view.assignmentId ?? null);
  useEffect(() => {
    if (!on || !possible || task === null) return;
    const boxes = Array.from({ length: count }, (_, answer) => document.getElementById(answerTextId(answer))).filter((box) => box !== null);
    const anchors = new Map<string, readonly Anchor[]>();
    const moved = new WeakMap<HTMLElement, number>();
    const between = (a: number, b: number) => {
      const [from, to] = [boxes[a], boxes[b]];
      const key = `${a} ${b}`;
      const known = anchors.get(key);
      if (known !== undefined || from === undefined || to === undefined) return known ?? [];
      const found = anchorsOf(linesOf(from), linesOf(to), from.scrollHeight, to.scrollHeight);
      anchors.set(key, found);
      return found;
    };
    const follow = (leader: number) => () => {
      const lead = boxes[leader];
      if (lead === undefined || moved.get(lead) === Math.round(lead.scrollTop)) return;
      boxes.forEach((box, other) => {
        if (other === leader) return;
        box.scrollTop = heightAt(between(leader, other), lead.scrollTop);
        moved.set(box, Math.round(box.scrollTop)); // its own scroll event is an echo
      });
    };
    const handlers = boxes.map((box, index) => ({ box, handler: follow(index) }));
    for (const { box, handler } of handlers) box.addEventListener('scroll', handler, { passive: true });
    const forget = () => anchors.clear();
    window.addEventListener('resize', forget);
    return () => {
      for (const { box, handler } of handlers) box.removeEventListener('scroll', handler);
      window.removeEventListener('resize', forget);
    };
  }, [on, possible, count, task]);
}

/** Each line of code and each block of text, with its height in the scrolled text. */
function linesOf(box: HTMLElement): { text: string; top: number }[] {
  const origin = box.getBoundingClientRect().top - box.scrollTop;
  const lines: { text: string; top: number }[] = [];
  for (const block of box.querySelectorAll<HTMLElement>('p, li, h3, h4, h5, h6, pre, tr, [data-block]')) {
    const top = block.getBoundingClientRect().top - origin;
    if (block.tagName !== 'PRE') {
      lines.push({ text: (block.textContent ?? '').trim(), top });
      continue;
    }
    const height = Number.parseFloat(getComputedStyle(block).lineHeight) || 20;
    (block.textContent ?? '').split('\n').forEach((text, index) => {
      lines.push({ text: text.trim(), top: top + index * height });
    });
  }
  return lines;
}
