/**
 * Which words of one text are not in another, in order. Patience difference: words that occur once in both anchor the texts,
 * what lies between two anchors is compared by longest common subsequence, and a stretch too long for that counts as different.
 */

export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Cells of the largest table that is filled in one piece (2 bytes each). */
const MAX_CELLS = 1_000_000;

/** Words with their offsets; works for scripts without spaces. Blanks and punctuation are no words. */
export function words(text: string, locale?: string): Word[] {
  const found: Word[] = [];
  for (const part of new Intl.Segmenter(locale, { granularity: 'word' }).segment(text)) {
    if (part.isWordLike === true) found.push({ text: part.segment, start: part.index, end: part.index + part.segment.length });
  }
  return found;
}

/** For each word of `other`, whether `base` lacks it at that place in the order. */
export function differing(base: readonly string[], other: readonly string[]): boolean[] {
  const different = new Array<boolean>(other.length).fill(true);
  match(base, other, 0, base.length, 0, other.length, different);
  return different;
}

function match(
  base: readonly string[],
  other: readonly string[],
  from: number,
  to: number,
  otherFrom: number,
  otherTo: number,
  different: boolean[],
): void {
  let [a, b, c, d] = [from, to, otherFrom, otherTo];
  while (a < b && c < d && base[a] === other[c]) {
    different[c] = false;
    a += 1;
    c += 1;
  }
  while (a < b && c < d && base[b - 1] === other[d - 1]) {
    different[d - 1] = false;
    b -= 1;
    d -= 1;
  }
  if (a === b || c === d) return;
  if ((b - a + 1) * (d - c + 1) <= MAX_CELLS) {
    commonSubsequence(base, other, a, b, c, d, different);
    return;
  }
  const anchors = increasing(uniquePairs(base, other, a, b, c, d));
  if (anchors.length === 0) return;
  for (const [x, y] of [...anchors, [b, d] as const]) {
    match(base, other, a, x, c, y, different);
    if (y < d) different[y] = false;
    a = x + 1;
    c = y + 1;
  }
}

/** Longest common subsequence by a table of suffix lengths, (b - a + 1) x (d - c + 1). */
function commonSubsequence(
  base: readonly string[],
  other: readonly string[],
  a: number,
  b: number,
  c: number,
  d: number,
  different: boolean[],
): void {
  const width = d - c + 1;
  const table = new Uint16Array((b - a + 1) * width);
  const at = (i: number, j: number) => table[(i - a) * width + (j - c)] ?? 0;
  for (let i = b - 1; i >= a; i -= 1) {
    for (let j = d - 1; j >= c; j -= 1) {
      table[(i - a) * width + (j - c)] = base[i] === other[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  for (let i = a, j = c; i < b && j < d; ) {
    if (base[i] === other[j]) {
      different[j] = false;
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
}

/** Positions [in base, in other] of words that occur exactly once in both stretches, in the order of `base`. */
function uniquePairs(
  base: readonly string[],
  other: readonly string[],
  a: number,
  b: number,
  c: number,
  d: number,
): (readonly [number, number])[] {
  const once = (list: readonly string[], from: number, to: number) => {
    const places = new Map<string, number>();
    for (let i = from; i < to; i += 1) {
      const word = list[i] ?? '';
      places.set(word, places.has(word) ? -1 : i);
    }
    return places;
  };
  const inOther = once(other, c, d);
  const pairs: (readonly [number, number])[] = [];
  for (const [word, i] of once(base, a, b)) {
    const j = inOther.get(word) ?? -1;
    if (i >= 0 && j >= 0) pairs.push([i, j]);
  }
  return pairs.sort((p, q) => p[0] - q[0]);
}

/** The longest run of pairs whose second position also rises (patience sorting). */
function increasing(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const tops: number[] = [];
  const previous: number[] = [];
  pairs.forEach(([, j], index) => {
    let low = 0;
    let high = tops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tops[middle] ?? 0]?.[1] ?? 0) < j) low = middle + 1;
      else high = middle;
    }
    previous[index] = low > 0 ? (tops[low - 1] ?? -1) : -1;
    tops[low] = index;
  });
  const run: (readonly [number, number])[] = [];
  for (let index = tops.at(-1) ?? -1; index >= 0; index = previous[index] ?? -1) {
    const pair = pairs[index];
    if (pair !== undefined) run.push(pair);
  }
  return run.reverse();
}
