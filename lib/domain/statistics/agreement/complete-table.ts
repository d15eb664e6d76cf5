import type { LabelTable } from './label-table';

/** The items that every annotator labelled, one row an item, one column an annotator: the first label of each. */
export interface CompleteTable {
  readonly table: LabelTable;
  readonly raters: number;
  /** Items; `item[row]` is its number in the table. */
  readonly rows: number;
  readonly item: Int32Array;
  /** Category of row r and rater k at r * raters + k. */
  readonly category: Int32Array;
}

/** Above this, comparing every annotator with every other says nothing that a person would read. */
const mostRaters = 50;

export function completeTable(table: LabelTable): CompleteTable {
  const raters = table.annotators.length;
  const item: number[] = [];
  const category: number[] = [];
  for (let each = 0; raters <= mostRaters && each < table.items; each += 1) {
    const row = firstLabels(table, each);
    if (row.size < raters) continue;
    item.push(each);
    for (let rater = 0; rater < raters; rater += 1) category.push(row.get(rater) as number);
  }
  return { table, raters, rows: item.length, item: Int32Array.from(item), category: Int32Array.from(category) };
}

function firstLabels(table: LabelTable, item: number): Map<number, number> {
  const row = new Map<number, number>();
  for (let at = table.offsets[item] as number; at < (table.offsets[item + 1] as number); at += 1) {
    const rater = table.annotator[at] as number;
    if (!row.has(rater)) row.set(rater, table.category[at] as number);
  }
  return row;
}

/** Why nothing can be computed from the complete items; null where something can. */
export function incompleteBecause({ raters, rows }: CompleteTable): string | null {
  if (raters < 2) return 'there is only one annotator';
  if (raters > mostRaters) return `more than ${mostRaters} annotators`;
  if (rows === 0) return 'no item was labelled by every annotator';
  return rows === 1 ? 'only one item was labelled by every annotator' : null;
}

/** The numbers of the complete items, row by row; their places in the order where labels are ordered texts; null for other texts. */
export function completeValues({ table, category }: CompleteTable, needs: 'numbers' | 'order'): Float64Array | null {
  if (table.values) return Float64Array.from(category, (each) => (table.values as Float64Array)[each] as number);
  return needs === 'order' && table.ordered ? Float64Array.from(category) : null;
}

/** Clusters that hold a complete item. */
export function completeClusters({ table, item }: CompleteTable): number {
  return new Set(Array.from(item, (each) => table.clusterOf[each])).size;
}
