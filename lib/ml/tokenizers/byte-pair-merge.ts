import type { PairTable } from './pair-table';

/** Below this many symbols, looking through all pairs is faster than keeping a heap. */
const shortWord = 48;

/** The symbols of one word: id, first and last code unit. */
export interface Symbols {
  readonly ids: number[];
  readonly starts: number[];
  readonly ends: number[];
}

/** Merges and what they make: the pair of merge `rank` becomes `merged[rank]`. */
export interface Merges {
  readonly ranks: PairTable;
  readonly merged: Int32Array;
}

/** Applies the merges, the lowest rank first and from left to right among equals (Sennrich et al. 2016), in place. */
export function mergeSymbols(symbols: Symbols, merges: Merges): void {
  if (symbols.ids.length < 2) return;
  if (symbols.ids.length <= shortWord) mergeShort(symbols, merges);
  else mergeLong(symbols, merges);
}

function mergeShort({ ids, starts, ends }: Symbols, { ranks, merged }: Merges): void {
  // rank of each symbol with the one after it, -1 without a merge
  const pairs = ids.map((id, index) => (index + 1 < ids.length ? ranks.get(id, ids[index + 1] as number) : -1));
  for (;;) {
    let best = -1;
    let bestRank = -1;
    for (let index = 0; index + 1 < ids.length; index += 1) {
      const rank = pairs[index] as number;
      if (rank >= 0 && (best < 0 || rank < bestRank)) {
        best = index;
        bestRank = rank;
      }
    }
    if (best < 0) return;
    ids[best] = merged[bestRank] as number;
    ends[best] = ends[best + 1] as number;
    for (const list of [ids, starts, ends, pairs]) list.splice(best + 1, 1);
    const rankAt = (index: number) =>
      index >= 0 && index + 1 < ids.length ? ranks.get(ids[index] as number, ids[index + 1] as number) : -1;
    pairs[best] = rankAt(best);
    if (best > 0) pairs[best - 1] = rankAt(best - 1);
  }
}

/** A linked list of symbols and a heap of candidate merges; n log n for a word of n symbols. */
function mergeLong({ ids, starts, ends }: Symbols, { ranks, merged }: Merges): void {
  const count = ids.length;
  const symbols = Int32Array.from(ids);
  const next = Int32Array.from({ length: count }, (_, index) => (index + 1 < count ? index + 1 : -1));
  const previous = Int32Array.from({ length: count }, (_, index) => index - 1);
  const lastUnit = Int32Array.from(ends);
  const heap = new MergeHeap();
  const offer = (index: number) => {
    const after = index < 0 ? -1 : (next[index] as number);
    if (after < 0) return;
    const rank = ranks.get(symbols[index] as number, symbols[after] as number);
    if (rank >= 0) heap.push(rank, index);
  };
  for (let index = 0; index + 1 < count; index += 1) offer(index);
  while (heap.size > 0) {
    const { rank, index } = heap.pop();
    const after = next[index] as number;
    // the pair was merged or changed since it was offered; -2 marks a symbol that was taken in
    if (after < 0 || ranks.get(symbols[index] as number, symbols[after] as number) !== rank) continue;
    symbols[index] = merged[rank] as number;
    lastUnit[index] = lastUnit[after] as number;
    const following = next[after] as number;
    next[index] = following;
    next[after] = -2;
    if (following >= 0) previous[following] = index;
    offer(previous[index] as number);
    offer(index);
  }
  let kept = 0;
  for (let index = 0; index >= 0; index = next[index] as number) {
    ids[kept] = symbols[index] as number;
    starts[kept] = starts[index] as number;
    ends[kept] = lastUnit[index] as number;
    kept += 1;
  }
  for (const list of [ids, starts, ends]) list.length = kept;
}

/** A binary heap of (rank, index), the smallest first; both in one number: rank * 2^32 + index. */
class MergeHeap {
  private keys = new Float64Array(1024);
  size = 0;

  push(rank: number, index: number): void {
    if (this.size === this.keys.length) {
      const grown = new Float64Array(this.size * 2);
      grown.set(this.keys);
      this.keys = grown;
    }
    const key = rank * 2 ** 32 + index;
    let at = this.size;
    this.size += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.keys[parent] as number) <= key) break;
      this.keys[at] = this.keys[parent] as number;
      at = parent;
    }
    this.keys[at] = key;
  }

  pop(): { rank: number; index: number } {
    const { keys } = this;
    const top = keys[0] as number;
    this.size -= 1;
    const key = keys[this.size] as number;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && (keys[child + 1] as number) < (keys[child] as number)) child += 1;
      if ((keys[child] as number) >= key) break;
      keys[at] = keys[child] as number;
      at = child;
    }
    keys[at] = key;
    const rank = Math.floor(top / 2 ** 32);
    return { rank, index: top - rank * 2 ** 32 };
  }
}
