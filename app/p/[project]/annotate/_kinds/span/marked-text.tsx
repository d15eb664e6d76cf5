'use client';

import { memo, useCallback, useEffect, useMemo, useRef } from 'react';
import { useTranslations } from 'use-intl/react';
import { toCodePoints, toCodeUnits } from '#lib/domain/code-points';
import type { PartOf } from '#lib/domain/form-parts';
import { ScrollGroup } from '../../_components/scroll-group';
import { answerTextId } from '../../_components/use-keys';
import { answerName } from '../../_state/answer-name';
import styles from '../writing.module.css';
import { unitsBefore } from './dom-offsets';
import type { Mark } from './marks';
import './picked.css';
import { segmentsOf } from './segments';
import { type Piece, pieceOf } from './words';

interface Props {
  answer: number;
  text: string;
  marks: readonly Mark[];
  part: PartOf<'span'>;
  /** Null where another answer is focused, or nothing is selected. */
  picked: Piece | null;
  select: (answer: number, piece: Piece | null) => void;
  focus: (answer: number) => void;
}

const highlight = 'picked-span';
const afterTouch = 350;

/** The raw text of an answer, with its marks. Selected by mouse, finger or key; no Markdown, for offsets count what was written. */
export function MarkedText({ answer, text, marks, part, picked, select, focus }: Props) {
  const t = useTranslations('writing.span');
  const body = useRef<HTMLDivElement>(null);
  const take = useCallback(() => {
    const found = body.current && selectedIn(body.current, text);
    if (found === undefined || found === null) return;
    if (typeof found !== 'number') select(answer, found);
    else select(answer, shortest(marks.filter(({ start, end }) => start <= found && found < end)));
  }, [answer, text, marks, select]);
  useTouchSelection(body, take);
  usePainted(body, text, picked);
  return (
    <ScrollGroup
      id={answerTextId(answer)}
      className={styles.read}
      aria-label={t('text', { name: answerName(answer) })}
      onFocus={() => focus(answer)}
      onMouseUp={take}
    >
      <Marked body={body} text={text} marks={marks} part={part} />
    </ScrollGroup>
  );
}

/** Not drawn anew while something is selected: the browser's selection hangs on these nodes. */
const Marked = memo(function Marked({
  body,
  text,
  marks,
  part,
}: Pick<Props, 'text' | 'marks' | 'part'> & { body: React.RefObject<HTMLDivElement | null> }) {
  const segments = useMemo(() => segmentsOf(text, marks), [text, marks]);
  return (
    <div ref={body} className={`${styles.plain} ${styles.marks}`} dir="auto">
      {segments.map(({ start, text: piece, marks: here }) =>
        here.length === 0 ? (
          <span key={start}>{piece}</span>
        ) : (
          <mark
            key={start}
            className={styles.mark}
            data-bad={badness(here, part)}
            data-several={here.length > 1 || undefined}
            data-tag={tagOf(
              here.filter((mark) => mark.start === start),
              part,
            )}
          >
            {piece}
          </mark>
        ),
      )}
    </div>
  );
});

function tagOf(marks: readonly Mark[], part: PartOf<'span'>): string | undefined {
  return marks.length === 0 ? undefined : marks.map(({ category }) => categoryNumber(category, part)).join('·');
}

export function categoryNumber(category: string, part: PartOf<'span'>): number {
  return part.categories.findIndex(({ key }) => key === category) + 1;
}

/** Of the worst mark: three kinds of line, from the mildest to the worst severity; a fourth where none was said yet. */
function badness(marks: readonly Mark[], part: PartOf<'span'>): string {
  const worst = Math.max(...marks.map(({ severity }) => part.severities.findIndex(({ key }) => key === severity)));
  if (worst < 0) return 'none';
  return String(part.severities.length === 1 ? 1 : Math.round((2 * worst) / (part.severities.length - 1)));
}

function shortest(marks: readonly Mark[]): Piece | null {
  const [first] = [...marks].sort((a, b) => a.end - a.start - (b.end - b.start));
  return first === undefined ? null : { start: first.start, end: first.end };
}

/** What is selected in `root`; a place alone where it was only pointed at; undefined where the selection lies elsewhere. */
function selectedIn(root: HTMLElement, text: string): Piece | number | null | undefined {
  const selection = getSelection();
  if (selection === null || selection.rangeCount === 0) return undefined;
  const range = selection.getRangeAt(0);
  if (!range.intersectsNode(root)) return undefined;
  const from = unitsBefore(root, range.startContainer, range.startOffset) ?? 0;
  const to = unitsBefore(root, range.endContainer, range.endOffset) ?? text.length;
  return selection.isCollapsed ? toCodePoints(text, from) : pieceOf(text, from, to);
}

/** A finger moves the ends of the browser's own selection: it is taken once they rest. */
function useTouchSelection(body: React.RefObject<HTMLDivElement | null>, take: () => void): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let byTouch = false;
    const touched = (event: PointerEvent) => {
      byTouch = event.pointerType !== 'mouse';
    };
    const changed = () => {
      clearTimeout(timer);
      const selection = getSelection();
      if (!byTouch || selection === null || selection.isCollapsed || !body.current?.contains(selection.anchorNode)) return;
      timer = setTimeout(take, afterTouch);
    };
    document.addEventListener('pointerdown', touched);
    document.addEventListener('selectionchange', changed);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('pointerdown', touched);
      document.removeEventListener('selectionchange', changed);
    };
  }, [body, take]);
}

/** Paints what is selected, and brings it into sight. */
function usePainted(body: React.RefObject<HTMLDivElement | null>, text: string, picked: Piece | null): void {
  const start = picked?.start ?? null;
  const end = picked?.end ?? null;
  useEffect(() => {
    if (body.current === null || start === null || end === null || !('highlights' in CSS)) return;
    const range = rangeOf(body.current, toCodeUnits(text, start), toCodeUnits(text, end));
    if (range === null) return;
    const mine = new Highlight(range);
    CSS.highlights.set(highlight, mine);
    const box = body.current.parentElement;
    const place = range.getBoundingClientRect();
    const frame = box?.getBoundingClientRect();
    if (box && frame && (place.top < frame.top || place.bottom > frame.bottom))
      box.scrollBy({ top: place.top - frame.top - frame.height / 3 });
    return () => {
      if (CSS.highlights.get(highlight) === mine) CSS.highlights.delete(highlight);
    };
  });
}

function rangeOf(root: HTMLElement, from: number, to: number): Range | null {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const range = new Range();
  let before = 0;
  let begun = false;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const length = node.nodeValue?.length ?? 0;
    if (!begun && from < before + length) {
      range.setStart(node, from - before);
      begun = true;
    }
    if (begun && to <= before + length) {
      range.setEnd(node, to - before);
      return range;
    }
    before += length;
  }
  return null;
}
