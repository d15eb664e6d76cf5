import { createSlicer } from '#lib/domain/code-points';
import type { Mark } from './marks';

/** A piece of text under the same marks from end to end. */
interface Segment {
  readonly start: number;
  readonly text: string;
  readonly marks: readonly Mark[];
}

/** The text cut where marks begin and end; joined it is the text. */
export function segmentsOf(text: string, marks: readonly Mark[]): Segment[] {
  const slicer = createSlicer(text);
  const cuts = new Set([0, slicer.length]);
  for (const { start, end } of marks) {
    cuts.add(start);
    cuts.add(end);
  }
  const places = [...cuts].sort((a, b) => a - b);
  return places.slice(0, -1).map((start, index) => {
    const end = places[index + 1] ?? slicer.length;
    return { start, text: slicer.slice(start, end), marks: marks.filter((mark) => mark.start <= start && end <= mark.end) };
  });
}
