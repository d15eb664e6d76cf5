import { type LabelTable, ownBlocks } from './label-table';

/** What an item adds where annotator k counts a[k] times. */
export interface WeighedItem {
  /** Labels. */
  total: number;
  /** Pairs of labels, and those of them that are equal. */
  pairs: number;
  agreeing: number;
  /** Labels a category; zero again after `forget`. */
  readonly counts: Float64Array;
}

/**
 * Items under a resampling of annotators. Copies of one annotator are different people who happen to label alike, so a copy is never
 * compared with another copy (they would agree by construction): labels of annotators k and l make a[k] * a[l] pairs, two labels of
 * annotator k himself make a[k] pairs.
 */
export function itemWeigher(table: LabelTable): { weigh(item: number, a: Int32Array): WeighedItem; forget(item: number): void } {
  const blocks = Array.from({ length: table.items }, (_, item) => {
    const found = ownBlocks(table, table.offsets[item] as number, table.offsets[item + 1] as number);
    return found.length === 0 ? null : found;
  });
  const weighed: WeighedItem = { total: 0, pairs: 0, agreeing: 0, counts: new Float64Array(table.categories.length) };
  const { counts } = weighed;
  const { annotator, category, offsets } = table;
  return {
    weigh(item, a) {
      let total = 0;
      let squares = 0;
      let agreeing = 0;
      for (let at = offsets[item] as number; at < (offsets[item + 1] as number); at += 1) {
        const weight = a[annotator[at] as number] as number;
        const each = category[at] as number;
        agreeing += weight * (counts[each] as number);
        counts[each] = (counts[each] as number) + weight;
        total += weight;
        squares += weight * weight;
      }
      let pairs = (total * total - squares) / 2;
      for (const [start, end] of blocks[item] ?? []) {
        const weight = a[annotator[start] as number] as number;
        const correction = weight - weight * weight;
        pairs += (correction * (end - start) * (end - start - 1)) / 2;
        for (let first = start; first < end; first += 1)
          for (let second = first + 1; second < end; second += 1) if (category[first] === category[second]) agreeing += correction;
      }
      weighed.total = total;
      weighed.pairs = pairs;
      weighed.agreeing = agreeing;
      return weighed;
    },
    forget(item) {
      for (let at = offsets[item] as number; at < (offsets[item + 1] as number); at += 1) counts[category[at] as number] = 0;
    },
  };
}
