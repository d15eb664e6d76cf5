/** A label as it was given: a text, or a number on a scale. */
export type Label = string | number;

export interface LabelRow {
  readonly item: string;
  readonly annotator: string;
  readonly label: Label;
  /** What the item is part of (the sentence of a pair of answers): items of one group are resampled together. */
  readonly group?: string | undefined;
}

/** Labels by item, as counts and typed arrays: a hundred thousand of them are read two thousand times for the intervals. */
export interface LabelTable {
  /** Every label that occurs: numbers ascending, texts in the order given, else by code unit. */
  readonly categories: readonly Label[];
  /** Whether the order of the categories means something. */
  readonly ordered: boolean;
  /** The number of each category; null where labels are texts. */
  readonly values: Float64Array | null;
  readonly annotators: readonly string[];
  readonly items: number;
  /** What is resampled: groups, or the items themselves. */
  readonly clusters: number;
  readonly clusterOf: Int32Array;
  /** Labels of item i stand at offsets[i] .. offsets[i + 1] - 1; those of one annotator together, in the order given. */
  readonly offsets: Int32Array;
  readonly annotator: Int32Array;
  readonly category: Int32Array;
}

class Names {
  readonly #numbers = new Map<string, number>();
  number(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#numbers.size);
    return this.#numbers.size - 1;
  }
  get all(): string[] {
    return [...this.#numbers.keys()];
  }
}

function categoriesOf(rows: readonly LabelRow[], order: readonly Label[] | undefined): Label[] {
  const found = new Set(rows.map((row) => row.label));
  if (order) {
    const missing = [...found].find((label) => !order.includes(label));
    if (missing !== undefined) throw new RangeError(`the order of labels leaves out ${JSON.stringify(missing)}`);
    return order.filter((label) => found.has(label));
  }
  return [...found].sort((a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1));
}

/** `order` gives texts an order. @throws RangeError where it leaves out a label */
export function labelTable(rows: readonly LabelRow[], order?: readonly Label[]): LabelTable {
  const categories = categoriesOf(rows, order);
  const numbers = categories.every((label) => typeof label === 'number');
  const categoryOf = new Map(categories.map((label, index) => [label, index]));
  const [items, groups, annotators] = [new Names(), new Names(), new Names()];
  const clusterOf: number[] = [];
  const placed = rows.map((row, index) => {
    const item = items.number(row.group === undefined ? `i${row.item}` : `g${JSON.stringify([row.group, row.item])}`);
    if (item === clusterOf.length) clusterOf.push(groups.number(row.group === undefined ? `i${row.item}` : `g${row.group}`));
    return { item, annotator: annotators.number(row.annotator), category: categoryOf.get(row.label) as number, index };
  });
  placed.sort((a, b) => a.item - b.item || a.annotator - b.annotator || a.index - b.index);
  const offsets = new Int32Array(clusterOf.length + 1);
  for (const { item } of placed) offsets[item + 1] = (offsets[item + 1] as number) + 1;
  for (let item = 0; item < clusterOf.length; item += 1) offsets[item + 1] = (offsets[item + 1] as number) + (offsets[item] as number);
  return {
    categories,
    ordered: order !== undefined || numbers,
    values: numbers ? Float64Array.from(categories as number[]) : null,
    annotators: annotators.all,
    items: clusterOf.length,
    clusters: groups.all.length,
    clusterOf: Int32Array.from(clusterOf),
    offsets,
    annotator: Int32Array.from(placed, (row) => row.annotator),
    category: Int32Array.from(placed, (row) => row.category),
  };
}

/** How often each category was given to each item: entries of item i stand at offsets[i] .. offsets[i + 1] - 1. */
export interface ItemCounts {
  readonly offsets: Int32Array;
  readonly category: Int32Array;
  readonly count: Float64Array;
  /** Labels of each item. */
  readonly labels: Float64Array;
  /** Pairs of labels of an item that are equal: all of them, and those of one annotator with themselves. */
  readonly agreeing: Float64Array;
  readonly ownAgreeing: Float64Array;
  readonly ownPairs: Float64Array;
}

const pairsOf = (count: number): number => (count * (count - 1)) / 2;

export function itemCounts(table: LabelTable): ItemCounts {
  const offsets = new Int32Array(table.items + 1);
  const category: number[] = [];
  const count: number[] = [];
  const [labels, agreeing] = [new Float64Array(table.items), new Float64Array(table.items)];
  const [ownAgreeing, ownPairs] = [new Float64Array(table.items), new Float64Array(table.items)];
  for (let item = 0; item < table.items; item += 1) {
    const [from, to] = [table.offsets[item] as number, table.offsets[item + 1] as number];
    const counts = countCategories(table, from, to);
    labels[item] = to - from;
    agreeing[item] = sumOfPairs(counts);
    for (const [each, times] of counts) {
      category.push(each);
      count.push(times);
    }
    for (const [start, end] of ownBlocks(table, from, to)) {
      ownPairs[item] = (ownPairs[item] as number) + pairsOf(end - start);
      ownAgreeing[item] = (ownAgreeing[item] as number) + sumOfPairs(countCategories(table, start, end));
    }
    offsets[item + 1] = category.length;
  }
  return {
    offsets,
    category: Int32Array.from(category),
    count: Float64Array.from(count),
    labels,
    agreeing,
    ownAgreeing,
    ownPairs,
  };
}

function countCategories(table: LabelTable, from: number, to: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (let at = from; at < to; at += 1) {
    const each = table.category[at] as number;
    counts.set(each, (counts.get(each) ?? 0) + 1);
  }
  return counts;
}

function sumOfPairs(counts: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const times of counts.values()) sum += pairsOf(times);
  return sum;
}

/** Where one annotator labelled the item more than once: [from, to) of their labels. */
export function ownBlocks(table: LabelTable, from: number, to: number): [number, number][] {
  const blocks: [number, number][] = [];
  for (let start = from; start < to; ) {
    let end = start + 1;
    while (end < to && table.annotator[end] === table.annotator[start]) end += 1;
    if (end - start > 1) blocks.push([start, end]);
    start = end;
  }
  return blocks;
}

/** Items that can be compared: those with two labels or more. */
export function comparableItems(table: LabelTable): number {
  let items = 0;
  for (let item = 0; item < table.items; item += 1)
    if ((table.offsets[item + 1] as number) - (table.offsets[item] as number) > 1) items += 1;
  return items;
}
