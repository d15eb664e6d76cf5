import type { LabelTable } from './label-table';

/** What two annotators said about the items both labelled (the first label of each), as places among the categories they used. */
export interface PairedLabels {
  readonly table: LabelTable;
  readonly categories: readonly number[];
  readonly cluster: Int32Array;
  readonly first: Int32Array;
  readonly second: Int32Array;
  /**
   * Square table of what both said, row by row, with every cluster counted so many times. Several statistics read the table of one draw:
   * it is kept until other weights come. Null for too many categories.
   */
  readonly counts: ((weights: Int32Array) => Float64Array) | null;
}

/** A table of more is larger than what it is made from. */
export const mostTableCategories = 200;

export function pairedLabels(table: LabelTable, first: number, second: number): PairedLabels {
  const cluster: number[] = [];
  const said: [number, number][] = [];
  for (let item = 0; item < table.items; item += 1) {
    const labels: [number | undefined, number | undefined] = [undefined, undefined];
    for (let at = table.offsets[item] as number; at < (table.offsets[item + 1] as number); at += 1) {
      const who = table.annotator[at] === first ? 0 : table.annotator[at] === second ? 1 : null;
      if (who !== null) labels[who] ??= table.category[at] as number;
    }
    if (labels[0] === undefined || labels[1] === undefined) continue;
    cluster.push(table.clusterOf[item] as number);
    said.push([labels[0], labels[1]]);
  }
  const categories = [...new Set(said.flat())].sort((a, b) => a - b);
  const place = new Map(categories.map((category, index) => [category, index]));
  const column = (which: 0 | 1) => Int32Array.from(said, (pair) => place.get(pair[which]) as number);
  return pairOf(table, categories, Int32Array.from(cluster), column(0), column(1));
}

export function pairOf(
  table: LabelTable,
  categories: readonly number[],
  cluster: Int32Array,
  first: Int32Array,
  second: Int32Array,
): PairedLabels {
  const size = categories.length;
  const small = size <= mostTableCategories;
  return { table, categories, cluster, first, second, counts: small ? counter(size, cluster, first, second) : null };
}

function counter(size: number, cluster: Int32Array, first: Int32Array, second: Int32Array): (weights: Int32Array) => Float64Array {
  const cell = first.map((row, at) => row * size + (second[at] as number));
  const counts = new Float64Array(size * size);
  let counted: Int32Array | null = null;
  return (weights) => {
    if (counted === weights) return counts;
    counted = weights;
    counts.fill(0);
    for (let at = 0; at < cell.length; at += 1) {
      const each = cell[at] as number;
      counts[each] = (counts[each] as number) + (weights[cluster[at] as number] as number);
    }
    return counts;
  };
}

/** The table of the data as they are; null for too many categories. */
export function crossTable({ counts, table }: PairedLabels): Float64Array | null {
  return counts === null ? null : counts(new Int32Array(table.clusters).fill(1)).slice();
}
