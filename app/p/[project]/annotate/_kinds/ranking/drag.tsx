'use client';

import { type PointerEvent as ReactPointerEvent, useCallback, useEffect, useRef, useState } from 'react';
import { answerName } from '../../_state/answer-name';
import styles from '../../annotate.module.css';
import type { RankingAction } from './answer';
import { useRanking } from './use-ranking';

/** A press that moves less is a click. */
const MOVES_PX = 6;

interface Dragged {
  readonly answer: number;
  readonly x: number;
  readonly y: number;
  readonly drop: Drop | null;
}

interface Drop {
  readonly action: RankingAction;
  /** Where it would land. */
  readonly mark: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
}

export interface Drag {
  readonly dragged: Dragged | null;
  readonly start: (event: ReactPointerEvent, answer: number) => void;
}

/** Answers are dragged onto the order: between two for a place of its own, onto one (there or in its column) for a tie. */
export function useDrag(): Drag {
  const { act } = useRanking();
  const [dragged, setDragged] = useState<Dragged | null>(null);
  const stop = useRef<(() => void) | null>(null);
  useEffect(() => () => stop.current?.(), []);
  const start = useCallback(
    (event: ReactPointerEvent, answer: number) => {
      const target = event.target instanceof Element ? event.target : null;
      if (event.button !== 0 || stop.current !== null || target?.closest('button, a')) return;
      // A finger scrolls and selects everywhere but on a handle.
      if (event.pointerType !== 'mouse' && target?.closest('[data-grip]') === null) return;
      if (event.pointerType === 'mouse') event.preventDefault(); // no text is selected on the way
      const from = { x: event.clientX, y: event.clientY, id: event.pointerId };
      let drop: Drop | null = null;
      let moving = false;
      const move = (to: PointerEvent) => {
        if (to.pointerId !== from.id) return;
        moving ||= Math.hypot(to.clientX - from.x, to.clientY - from.y) >= MOVES_PX;
        if (!moving) return;
        drop = dropAt(answer, to.clientX, to.clientY);
        setDragged({ answer, x: to.clientX, y: to.clientY, drop });
      };
      const end = (to: PointerEvent) => {
        if (to.pointerId !== from.id) return;
        stop.current?.();
        if (to.type === 'pointerup' && moving && drop !== null) act(drop.action);
      };
      const abort = (key: KeyboardEvent) => key.key === 'Escape' && stop.current?.();
      window.addEventListener('pointermove', move);
      window.addEventListener('pointerup', end);
      window.addEventListener('pointercancel', end);
      window.addEventListener('keydown', abort);
      stop.current = () => {
        window.removeEventListener('pointermove', move);
        window.removeEventListener('pointerup', end);
        window.removeEventListener('pointercancel', end);
        window.removeEventListener('keydown', abort);
        stop.current = null;
        setDragged(null);
      };
    },
    [act],
  );
  return { dragged, start };
}

/** What would happen where the pointer is; null where nothing would. */
function dropAt(answer: number, x: number, y: number): Drop | null {
  const column = document.elementFromPoint(x, y)?.closest<HTMLElement>('article[data-answer]');
  if (column) {
    const onto = Number(column.dataset.answer);
    if (onto === answer || column.dataset.placed !== 'true') return null;
    return { action: { type: 'tie', with: onto, answer }, mark: boxOf(column) };
  }
  const strip = document.querySelector<HTMLElement>('[data-order]');
  const frame = strip?.closest('footer')?.getBoundingClientRect();
  if (!strip || !frame || y < frame.top - 8 || x < strip.getBoundingClientRect().left - 24 || x > strip.getBoundingClientRect().right + 24)
    return null;
  return onStrip(strip, answer, x);
}

function onStrip(strip: HTMLElement, answer: number, x: number): Drop {
  const slots = [...strip.querySelectorAll<HTMLElement>('[data-slot]')];
  const backwards = getComputedStyle(strip).direction === 'rtl';
  for (const [index, slot] of slots.entries()) {
    const box = slot.getBoundingClientRect();
    const along = backwards ? box.right - x : x - box.left;
    const others = (slot.dataset.slot ?? '')
      .split(' ')
      .map(Number)
      .filter((other) => other !== answer);
    if (along < box.width * 0.25 || (along < box.width / 2 && others.length === 0))
      return gap(answer, index, backwards ? box.right + 5 : box.left - 5, box);
    if (along <= box.width * 0.75 && others[0] !== undefined)
      return { action: { type: 'tie', with: others[0], answer }, mark: boxOf(slot) };
  }
  const last = slots.at(-1)?.getBoundingClientRect();
  const box = strip.getBoundingClientRect();
  const edge = last === undefined ? (backwards ? box.right : box.left) : backwards ? last.left - 5 : last.right + 5;
  return gap(answer, slots.length, edge, last ?? box);
}

function gap(answer: number, at: number, x: number, { top, height }: DOMRect): Drop {
  return { action: { type: 'insert', at, answer }, mark: { left: x - 1.5, top, width: 3, height } };
}

function boxOf(element: HTMLElement): Drop['mark'] {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { left, top, width, height };
}

/** The answer under the pointer, and where it would land. */
export function DragShadow({ drag: { dragged } }: { drag: Drag }) {
  if (dragged === null) return null;
  const { answer, x, y, drop } = dragged;
  return (
    <div aria-hidden="true">
      {drop !== null && <span className={drop.mark.width <= 3 ? styles.dropLine : styles.dropOnto} style={drop.mark} />}
      <b className={styles.dragged} style={{ left: x + 12, top: y + 12 }}>
        {answerName(answer)}
      </b>
    </div>
  );
}
