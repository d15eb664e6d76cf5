import { AppError } from '#lib/errors';
import { type BranchedText, lengthOf } from './token-rows';

/**
 * Which texts go into which row of at most `rowLength` tokens: numbers of `texts` by row. Best-fit decreasing (Johnson 1974: never more than
 * 11/9 of the fewest rows possible, and one): the longest first, each into the fullest row that still has room, the earlier of equal ones.
 *
 * Throws BAD_INPUT naming the first text that is longer than a row, or empty: nothing is cut.
 */
export function packTexts(texts: readonly BranchedText[], rowLength: number): number[][] {
  const lengths = texts.map(lengthOf);
  for (const [index, length] of lengths.entries()) {
    if (length > 0 && length <= rowLength) continue;
    const details = { text: index + 1, tokens: length, rowLength };
    if (length === 0) throw new AppError('BAD_INPUT', `Text ${index + 1} has no tokens.`, { details });
    throw new AppError('BAD_INPUT', `Text ${index + 1} has ${length} tokens; a row has ${rowLength}.`, {
      details,
      remedy: 'Take longer rows, or shorten or leave out the text.',
    });
  }
  const order = [...texts.keys()].sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0) || a - b);
  const rows: number[][] = [];
  /** Numbers of rows by the room that they still have, each list in the order in which rows came to it. */
  const byRoom: number[][] = Array.from({ length: rowLength + 1 }, () => []);
  for (const text of order) {
    const length = lengths[text] ?? 0;
    let room = length;
    while (room <= rowLength && byRoom[room]?.length === 0) room += 1;
    const row = room <= rowLength ? (byRoom[room]?.shift() as number) : rows.push([]) - 1;
    rows[row]?.push(text);
    byRoom[(room <= rowLength ? room : rowLength) - length]?.push(row);
  }
  return rows;
}
