/** Two heights, one in each of two texts, that belong side by side. */
export interface Anchor {
  readonly from: number;
  readonly to: number;
}

interface LineAt {
  readonly text: string;
  readonly top: number;
}

/**
 * Lines that occur once in both texts, as many of them as stand in the same order; the beginnings and the ends belong together too.
 */
export function anchorsOf(from: readonly LineAt[], to: readonly LineAt[], fromHeight: number, toHeight: number): Anchor[] {
  const once = (lines: readonly LineAt[]) => {
    const found = new Map<string, LineAt | null>();
    for (const line of lines) if (line.text !== '') found.set(line.text, found.has(line.text) ? null : line);
    return found;
  };
  const others = once(to);
  const pairs: Anchor[] = [];
  for (const [text, line] of once(from)) {
    const other = others.get(text);
    if (line !== null && other !== null && other !== undefined) pairs.push({ from: line.top, to: other.top });
  }
  return [{ from: 0, to: 0 }, ...rising(pairs.sort((a, b) => a.from - b.from)), { from: fromHeight, to: toHeight }];
}

/** The height in the other text that belongs to this one. */
export function heightAt(anchors: readonly Anchor[], height: number): number {
  let before: Anchor = { from: 0, to: 0 };
  for (const anchor of anchors) {
    if (anchor.from > height) {
      const share = (height - before.from) / (anchor.from - before.from);
      return before.to + share * (anchor.to - before.to);
    }
    before = anchor;
  }
  return before.to + (height - before.from);
}

/** The longest run of pairs that also rises in the second text. */
function rising(pairs: readonly Anchor[]): Anchor[] {
  const lengths: number[] = [];
  const previous: number[] = [];
  let best = -1;
  pairs.forEach((pair, index) => {
    lengths[index] = 1;
    previous[index] = -1;
    for (let before = Math.max(0, index - 400); before < index; before += 1) {
      if ((pairs[before]?.to ?? 0) < pair.to && (lengths[before] ?? 0) >= (lengths[index] ?? 0)) {
        lengths[index] = (lengths[before] ?? 0) + 1;
        previous[index] = before;
      }
    }
    if (best < 0 || (lengths[index] ?? 0) > (lengths[best] ?? 0)) best = index;
  });
  const run: Anchor[] = [];
  for (let index = best; index >= 0; index = previous[index] ?? -1) {
    const pair = pairs[index];
    if (pair !== undefined) run.push(pair);
  }
  return run.reverse();
}
