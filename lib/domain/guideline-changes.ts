import { type TextChange, textChanges } from './text-changes';

/** A line of the two versions laid over each other; its pieces are kept (0), taken out (-1) or put in (1). */
export interface GuidelineLine {
  readonly changed: boolean;
  readonly pieces: readonly TextChange[];
}

/** What changed from one version of a guideline to another, line by line, words marked; a line break alone changes nothing. */
export function guidelineLines(before: string, after: string): GuidelineLine[] {
  const lines: { changed: boolean; pieces: TextChange[] }[] = [{ changed: false, pieces: [] }];
  for (const [op, text] of textChanges(normal(before), normal(after))) {
    text.split('\n').forEach((part, index) => {
      if (index > 0) lines.push({ changed: false, pieces: [] });
      const line = lines.at(-1);
      if (part === '' || line === undefined) return;
      line.pieces.push([op, part]);
      line.changed ||= op !== 0;
    });
  }
  return lines;
}

function normal(text: string): string {
  return text.replaceAll('\r\n', '\n').trim();
}

/** Places that changed: neighbouring changed lines are one, blank lines between them do not part them. */
export function countChanges(lines: readonly GuidelineLine[]): number {
  let count = 0;
  let within = false;
  for (const { changed, pieces } of lines) {
    if (changed && !within) count += 1;
    if (changed) within = true;
    else if (pieces.some(([, text]) => text.trim() !== '')) within = false;
  }
  return count;
}
