import type { PairTable } from './pair-counts';

/**
 * Groups of items that can be reached from one another along "was judged better than, at least once" (a tie counts both ways), each listed from its first
 * item on. Maximum likelihood strengths exist exactly where there is one group (Ford 1957): else the best split grows without bound.
 */
function strongGroups({ items, pairs }: PairTable): string[][] {
  const over: number[][] = items.map(() => []);
  const under: number[][] = items.map(() => []);
  for (const { first, losses, second, ties, wins } of pairs) {
    if (wins + ties > 0) {
      over[first]?.push(second);
      under[second]?.push(first);
    }
    if (losses + ties > 0) {
      over[second]?.push(first);
      under[first]?.push(second);
    }
  }
  // Kosaraju: groups are the trees of a search against the edges, in reverse order of leaving.
  const seen = new Set<number>();
  const left: number[] = [];
  for (let start = 0; start < items.length; start += 1) visit(start, over, seen, (item) => left.push(item));
  const grouped = new Set<number>();
  const groups: number[][] = [];
  for (const start of left.reverse()) {
    if (grouped.has(start)) continue;
    const group: number[] = [];
    visit(start, under, grouped, (item) => group.push(item));
    groups.push(group.sort((a, b) => a - b));
  }
  return groups.sort((a, b) => (a[0] as number) - (b[0] as number)).map((group) => group.map((item) => items[item] as string));
}

/** Depth first without recursion; `leave` is called when all of an item's successors are done. */
function visit(start: number, edges: readonly number[][], seen: Set<number>, leave: (item: number) => void): void {
  if (seen.has(start)) return;
  seen.add(start);
  const path = [{ item: start, next: 0 }];
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const successor = edges[top.item]?.[top.next];
    top.next += 1;
    if (successor === undefined) {
      leave(top.item);
      path.pop();
    } else if (!seen.has(successor)) {
      seen.add(successor);
      path.push({ item: successor, next: 0 });
    }
  }
}

/** Why strengths do not exist, or null where they do. */
export function whyUndefined(table: PairTable): string | null {
  if (table.items.length < 2) return 'two items or more have to be compared';
  const groups = strongGroups(table);
  if (groups.length === 1) return null;
  const name = (group: readonly string[]) =>
    group.length > 3 ? `${group.slice(0, 3).join(', ')} and ${group.length - 3} more` : group.join(', ');
  const [small, large] = [...groups].sort((a, b) => a.length - b.length);
  return (
    `the items fall into ${groups.length} groups between which nothing was won both ways (for example ${name(small ?? [])} and ${name(large ?? [])}), ` +
    'so that how far they lie apart has no finite estimate (Ford 1957): compare them more, or ask for a prior'
  );
}
