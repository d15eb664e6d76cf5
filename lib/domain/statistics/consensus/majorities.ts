/** A ranking (1 = best, equal = tie) of some or all of the items, and how much it counts. */
export interface Ballot {
  readonly ranks: Readonly<Record<string, number>>;
  readonly weight?: number;
}

interface Majorities {
  readonly items: readonly string[];
  /** margin[a][b]: weight of who puts a before b less that of who puts b before a. */
  readonly margin: readonly (readonly number[])[];
  /** Rankings. */
  readonly n: number;
}

export function majorities(ballots: readonly Ballot[]): Majorities {
  const items = [...new Set(ballots.flatMap(({ ranks }) => Object.keys(ranks)))].sort();
  const margin = items.map(() => items.map(() => 0));
  for (const { ranks, weight = 1 } of ballots) {
    items.forEach((a, row) => {
      items.forEach((b, column) => {
        const [own, other] = [ranks[a], ranks[b]];
        if (own === undefined || other === undefined || own === other) return;
        const cells = margin[row] as number[];
        cells[column] = (cells[column] as number) + (own < other ? weight : -weight);
      });
    });
  }
  return { items, margin, n: ballots.length };
}

/** Margins that differ by less are equal: weights are fractions. */
export const equalMargin = 1e-9;

/** A consensus: groups from the best to the worst; items of one group are tied. */
export type Consensus =
  | { readonly defined: true; readonly groups: readonly (readonly string[])[]; readonly n: number }
  | { readonly defined: false; readonly reason: string; readonly n: number };

export function noBallots(n: number): Consensus {
  return { defined: false, reason: 'nothing was ranked', n };
}

/** Groups by score, the highest first; scores that are equal tie. */
export function byScore(items: readonly string[], scores: readonly number[]): string[][] {
  const order = [...items.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const groups: string[][] = [];
  order.forEach((item, place) => {
    const before = order[place - 1];
    if (before !== undefined && (scores[before] as number) - (scores[item] as number) < equalMargin)
      groups.at(-1)?.push(items[item] as string);
    else groups.push([items[item] as string]);
  });
  return groups;
}

/**
 * Groups of a partial order `above[a][b]`: items that are not ordered, directly or through others, tie. Where the order is common to several linear orders
 * these groups stand one above the other.
 */
export function byOrder(items: readonly string[], above: readonly (readonly boolean[])[]): string[][] {
  const group = items.map((_, at) => at);
  items.forEach((_, a) => {
    items.forEach((__, b) => {
      if (a === b || above[a]?.[b] || above[b]?.[a]) return;
      const [from, to] = [group[a] as number, group[b] as number];
      group.forEach((own, at) => {
        if (own === from) group[at] = to;
      });
    });
  });
  const members = new Map<number, number[]>();
  for (const [at, own] of group.entries()) members.set(own, [...(members.get(own) ?? []), at]);
  const below = (at: number) => above[at]?.filter(Boolean).length ?? 0;
  return [...members.values()]
    .sort((a, b) => Math.max(...b.map(below)) - Math.max(...a.map(below)))
    .map((group) => group.map((at) => items[at] as string));
}
