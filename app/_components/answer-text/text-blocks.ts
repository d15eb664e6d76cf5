/** Shorter texts stay in one piece. */
const MAX_WHOLE = 20_000;
const BLOCK = 4_000;

/**
 * A very long text in pieces of some screens each, so that only those in sight have to be laid out. They end where lines end; a
 * line longer than a piece is cut between two characters. Joined by line breaks (or not, inside such a line) they are the text.
 */
export function textBlocks(text: string): string[] {
  if (text.length <= MAX_WHOLE) return [text];
  const blocks: string[] = [];
  let start = 0;
  while (start < text.length) {
    const lineEnd = text.lastIndexOf('\n', start + BLOCK);
    if (start + BLOCK >= text.length) {
      blocks.push(text.slice(start));
      break;
    }
    if (lineEnd > start) {
      blocks.push(text.slice(start, lineEnd));
      start = lineEnd + 1;
      continue;
    }
    let end = start + BLOCK;
    if (/[\uDC00-\uDFFF]/.test(text[end] ?? '')) end += 1; // never between the halves of one character
    blocks.push(text.slice(start, end));
    start = text[end] === '\n' ? end + 1 : end;
  }
  return blocks;
}
