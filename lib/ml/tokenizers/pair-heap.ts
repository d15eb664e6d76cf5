export interface CountedPair {
  /** left * base + right */
  readonly pair: number;
  readonly count: number;
}

/** A binary heap of pairs: the highest count first, of equals the one whose bytes are greater, first part first. */
export class PairHeap {
  private readonly entries: CountedPair[] = [];

  constructor(
    private readonly base: number,
    /** The bytes of every symbol; grows as symbols are made. */
    private readonly bytes: readonly string[],
  ) {}

  private before(a: CountedPair, b: CountedPair): boolean {
    if (a.count !== b.count) return a.count > b.count;
    const bytesOf = (symbol: number) => this.bytes[symbol] as string;
    const [leftA, leftB] = [bytesOf(Math.floor(a.pair / this.base)), bytesOf(Math.floor(b.pair / this.base))];
    return leftA === leftB ? bytesOf(a.pair % this.base) > bytesOf(b.pair % this.base) : leftA > leftB;
  }

  push(entry: CountedPair): void {
    const { entries } = this;
    let at = entries.length;
    entries.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = entries[parent] as CountedPair;
      if (!this.before(entry, above)) break;
      entries[at] = above;
      at = parent;
    }
    entries[at] = entry;
  }

  pop(): CountedPair | undefined {
    const { entries } = this;
    const top = entries[0];
    const entry = entries.pop();
    if (!top || !entry || entries.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && this.before(entries[child + 1] as CountedPair, entries[child] as CountedPair)) child += 1;
      if (!this.before(entries[child] as CountedPair, entry)) break;
      entries[at] = entries[child] as CountedPair;
      at = child;
    }
    entries[at] = entry;
    return top;
  }
}
