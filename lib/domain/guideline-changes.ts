import { type TextChange, textChanges } from './text-changes';

/** A line of the two versions laid over each other; its pieces are kept (0), taken out (-1) or put in (1). */
export interface GuidelineLine {
  readonly changed: boolean;
  readonly pieces: readonly TextChange[];
}

/** Larger stretches of differing lines are taken as replaced whole. */
const maxCells = 1_000_000;
/** Pairs of lines that are looked at word by word at one place. */
const maxPairs = 900;
/** A line of whose shorter version less is kept is another line, not a changed one: its words laid over each other would not read. */
const leastKept = 0.5;

/** What changed from one version of a guideline to another: line by line, and word by word within a line that was edited. */
export function guidelineLines(before: string, after: string): GuidelineLine[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const lines: GuidelineLine[] = [];
  let i = 0;
  let j = 0;
  for (const [x, y] of [...sameLines(old, now), [old.length, now.length] as const]) {
    lines.push(...replaced(old.slice(i, x), now.slice(j, y)));
    const kept = now[y];
    if (kept !== undefined) lines.push({ changed: false, pieces: [[0, kept]] });
    i = x + 1;
    j = y + 1;
  }
  return lines;
}

/** Lines taken out and put in at one place: those that go together as edits of each other, the others as gone or come. */
function replaced(out: readonly string[], into: readonly string[]): GuidelineLine[] {
  const lines: GuidelineLine[] = [];
  let i = 0;
  let j = 0;
  for (const [x, y, pieces] of [...edits(out, into), [out.length, into.length, null] as const]) {
    for (; i < x; i += 1) lines.push({ changed: true, pieces: [[-1, out[i] ?? '']] });
    for (; j < y; j += 1) lines.push({ changed: true, pieces: [[1, into[j] ?? '']] });
    if (pieces) lines.push({ changed: true, pieces });
    i = x + 1;
    j = y + 1;
  }
  return lines;
}

type Edit = readonly [out: number, into: number, pieces: readonly TextChange[]];

/** Pairs of lines, rising in both, that keep most of their words: the pairing that keeps the most text in all. */
function edits(out: readonly string[], into: readonly string[]): Edit[] {
  if (out.length * into.length > maxPairs) return [];
  const pairs = out.map((gone) => into.map((come) => editOf(gone, come)));
  const best = Array.from({ length: out.length + 1 }, () => new Float64Array(into.length + 1));
  const at = (i: number, j: number) => best[i]?.[j] ?? 0;
  const kept = (i: number, j: number) => pairs[i]?.[j]?.kept ?? 0;
  for (let i = out.length - 1; i >= 0; i -= 1) {
    for (let j = into.length - 1; j >= 0; j -= 1) {
      const row = best[i];
      if (row) row[j] = Math.max(at(i + 1, j), at(i, j + 1), kept(i, j) > 0 ? kept(i, j) + at(i + 1, j + 1) : 0);
    }
  }
  const found: Edit[] = [];
  for (let i = 0, j = 0; i < out.length && j < into.length; ) {
    const pair = pairs[i]?.[j];
    if (pair && pair.kept > 0 && at(i, j) === pair.kept + at(i + 1, j + 1)) found.push([i++, j++, pair.pieces]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return found;
}

/** The words of two lines laid over each other; `kept` is 0 where too little stayed for it to be the same line. */
function editOf(gone: string, come: string): { kept: number; pieces: readonly TextChange[] } {
  const pieces = textChanges(gone, come);
  const kept = pieces.reduce((sum, [op, text]) => sum + (op === 0 ? text.trim().length : 0), 0);
  return { kept: kept >= leastKept * Math.min(gone.length, come.length) ? kept : 0, pieces };
}

/** Positions of equal lines, rising in both: the longest common subsequence between the lines that differ. */
function sameLines(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const head = Array.from({ length: start }, (_, index) => [index, index] as const);
  const tail = Array.from({ length: a.length - endA }, (_, index) => [endA + index, endB + index] as const);
  return [...head, ...commonLines(a.slice(start, endA), b.slice(start, endB)).map(([x, y]) => [start + x, start + y] as const), ...tail];
}

function commonLines(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const width = b.length + 1;
  if ((a.length + 1) * width > maxCells) return [];
  const best = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => best[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      best[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const found: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) found.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return found;
}

/** Blank lines are layout: two of them that are alike hold nothing together. */
function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

/** Places that changed: neighbouring changed lines are one. */
export function countChanges(lines: readonly GuidelineLine[]): number {
  return lines.filter(({ changed }, index) => changed && !lines[index - 1]?.changed).length;
}
