/** A piece of text that is kept (0), taken out (-1) or put in (1). */
export type TextChange = readonly [op: 0 | -1 | 1, text: string];

/** Blocks up to this many pairs of words are compared exactly; larger ones are first cut at words that occur once in both. */
const exactCells = 250_000;

/** How often all pieces may be looked through in search of places to cut; blocks still uncut then are replaced whole. */
const maxPasses = 40;

const ideograph = '[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}]\\p{M}*';
const word = "(?:(?![\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}])[\\p{L}\\p{N}\\p{M}_'’])+";
const emoji = '\\p{RI}\\p{RI}|\\p{Extended_Pictographic}(?:[\\p{M}\\p{Emoji_Modifier}]|\\u200d\\p{Extended_Pictographic})*';
const piece = new RegExp(`${ideograph}|${word}|${emoji}|\\r\\n|\\n|[^\\S\\r\\n]+|.\\p{M}*`, 'gsu');

/**
 * The word-level difference of two texts: pieces that, kept and taken out, join to `before` and, kept and put in, to
 * `after`. The same texts give the same pieces; a character is never split from its combining marks.
 */
export function textChanges(before: string, after: string): TextChange[] {
  const a = before.match(piece) ?? [];
  const b = after.match(piece) ?? [];
  const kept = matches(a, b);
  const changes: TextChange[] = [];
  let i = 0;
  let j = 0;
  for (const [x, y] of [...kept, [a.length, b.length] as const]) {
    push(changes, -1, a.slice(i, x).join(''));
    push(changes, 1, b.slice(j, y).join(''));
    push(changes, 0, a[x] ?? '');
    i = x + 1;
    j = y + 1;
  }
  return foldBlanks(changes);
}

export function textBefore(changes: readonly TextChange[]): string {
  return changes.map(([op, text]) => (op === 1 ? '' : text)).join('');
}

export function textAfter(changes: readonly TextChange[]): string {
  return changes.map(([op, text]) => (op === -1 ? '' : text)).join('');
}

function push(changes: TextChange[], op: TextChange[0], text: string): void {
  if (text === '') return;
  const last = changes.at(-1);
  if (last?.[0] === op) changes[changes.length - 1] = [op, last[1] + text];
  else changes.push([op, text]);
}

/** Blanks alone between two replaced pieces are replaced with them: a rewritten sentence reads as one change, not as many. */
function foldBlanks(changes: readonly TextChange[]): TextChange[] {
  const folded: TextChange[] = [];
  let out = '';
  let into = '';
  const flush = () => {
    push(folded, -1, out);
    push(folded, 1, into);
    out = '';
    into = '';
  };
  changes.forEach(([op, text], index) => {
    if (op === -1) out += text;
    else if (op === 1) into += text;
    else if (out !== '' && into !== '' && text.trim() === '' && isReplacement(changes, index + 1)) {
      out += text;
      into += text;
    } else {
      flush();
      push(folded, 0, text);
    }
  });
  flush();
  return folded;
}

function isReplacement(changes: readonly TextChange[], index: number): boolean {
  return changes[index]?.[0] === -1 && changes[index + 1]?.[0] === 1;
}

type Pair = readonly [inA: number, inB: number];

interface Block {
  readonly a0: number;
  readonly a1: number;
  readonly b0: number;
  readonly b1: number;
}

/** Pairs of equal pieces, rising in both texts. */
function matches(a: readonly string[], b: readonly string[]): Pair[] {
  const found: Pair[] = [];
  const open: Block[] = [{ a0: 0, a1: a.length, b0: 0, b1: b.length }];
  let work = maxPasses * (a.length + b.length);
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    let { a0, a1, b0, b1 } = block;
    while (a0 < a1 && b0 < b1 && a[a0] === b[b0]) found.push([a0++, b0++]);
    while (a0 < a1 && b0 < b1 && a[a1 - 1] === b[b1 - 1]) found.push([--a1, --b1]);
    if (a0 === a1 || b0 === b1) continue;
    if ((a1 - a0) * (b1 - b0) <= exactCells) found.push(...longestCommon(a, b, { a0, a1, b0, b1 }));
    else if (work > 0) {
      work -= a1 - a0 + b1 - b0;
      for (const smaller of cutAtAnchors(a, b, { a0, a1, b0, b1 }, found)) open.push(smaller);
    }
  }
  return found.sort((one, other) => one[0] - other[0]);
}

/** Longest common subsequence by dynamic programming. */
function longestCommon(a: readonly string[], b: readonly string[], { a0, a1, b0, b1 }: Block): Pair[] {
  const rows = a1 - a0;
  const columns = b1 - b0;
  const width = columns + 1;
  const best = new Uint32Array((rows + 1) * width);
  for (let i = rows - 1; i >= 0; i -= 1) {
    for (let j = columns - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      best[at] = a[a0 + i] === b[b0 + j] ? (best[at + width + 1] ?? 0) + 1 : Math.max(best[at + width] ?? 0, best[at + 1] ?? 0);
    }
  }
  const found: Pair[] = [];
  let i = 0;
  let j = 0;
  while (i < rows && j < columns) {
    if (a[a0 + i] === b[b0 + j]) found.push([a0 + i++, b0 + j++]);
    else if ((best[(i + 1) * width + j] ?? 0) >= (best[i * width + j + 1] ?? 0)) i += 1;
    else j += 1;
  }
  return found;
}

/** Blocks between pieces that occur exactly once on both sides and stand in the same order; none where no such piece is. */
function cutAtAnchors(a: readonly string[], b: readonly string[], block: Block, found: Pair[]): Block[] {
  const anchors = risingAnchors(uniquePairs(a, b, block));
  const blocks: Block[] = [];
  let { a0, b0 } = block;
  for (const [x, y] of anchors) {
    found.push([x, y]);
    blocks.push({ a0, a1: x, b0, b1: y });
    a0 = x + 1;
    b0 = y + 1;
  }
  if (anchors.length > 0) blocks.push({ a0, a1: block.a1, b0, b1: block.b1 });
  return blocks;
}

function uniquePairs(a: readonly string[], b: readonly string[], { a0, a1, b0, b1 }: Block): Pair[] {
  const inB = onlyOnce(b, b0, b1);
  const pairs: Pair[] = [];
  for (const [text, x] of onlyOnce(a, a0, a1)) {
    const y = inB.get(text);
    if (x >= 0 && y !== undefined && y >= 0) pairs.push([x, y]);
  }
  return pairs;
}

/** Where each piece stands; -1 where it stands more than once. */
function onlyOnce(pieces: readonly string[], from: number, to: number): Map<string, number> {
  const where = new Map<string, number>();
  for (let index = from; index < to; index += 1) {
    const text = pieces[index] ?? '';
    where.set(text, where.has(text) ? -1 : index);
  }
  return where;
}

/** The longest run of pairs, given in the order of the first text, that rises in the second as well (patience sorting). */
function risingAnchors(pairs: readonly Pair[]): Pair[] {
  const tails: number[] = [];
  const before = new Int32Array(pairs.length).fill(-1);
  pairs.forEach(([, y], index) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tails[middle] ?? 0]?.[1] ?? 0) < y) low = middle + 1;
      else high = middle;
    }
    if (low > 0) before[index] = tails[low - 1] ?? -1;
    tails[low] = index;
  });
  const rising: Pair[] = [];
  for (let index = tails.at(-1) ?? -1; index >= 0; index = before[index] ?? -1) {
    const pair = pairs[index];
    if (pair) rising.push(pair);
  }
  return rising.reverse();
}
