import { type Ballot, byOrder, type Consensus, equalMargin, majorities, noBallots } from './majorities';

/**
 * Tideman's ranked pairs (1987): majorities are locked from the largest on, without those that would close a circle. Equal majorities are locked at once, less all that
 * lie on a circle with one another: no item gains by its name. A margin of 0 locks nothing, and what stays without order is tied.
 */
export function rankedPairs(ballots: readonly Ballot[]): Consensus {
  const { items, margin, n } = majorities(ballots);
  if (items.length === 0) return noBallots(n);
  const pairs = items.flatMap((_, a) =>
    items.flatMap((__, b) => ((margin[a]?.[b] as number) > equalMargin ? [{ a, b, by: margin[a]?.[b] as number }] : [])),
  );
  pairs.sort((x, y) => y.by - x.by);
  let above = items.map(() => items.map(() => false));
  for (let start = 0; start < pairs.length; ) {
    let end = start;
    while (end < pairs.length && (pairs[start]?.by as number) - (pairs[end]?.by as number) < equalMargin) end += 1;
    const candidates = pairs.slice(start, end).filter(({ a, b }) => !above[b]?.[a]);
    const all = closure(withPairs(above, candidates));
    above = closure(
      withPairs(
        above,
        candidates.filter(({ a, b }) => !all[b]?.[a]),
      ),
    );
    start = end;
  }
  return { defined: true, groups: byOrder(items, above), n };
}

function withPairs(above: readonly (readonly boolean[])[], pairs: readonly { readonly a: number; readonly b: number }[]): boolean[][] {
  const next = above.map((row) => [...row]);
  for (const { a, b } of pairs) (next[a] as boolean[])[b] = true;
  return next;
}

/** Transitive closure (Warshall 1962). */
function closure(above: boolean[][]): boolean[][] {
  above.forEach((through, k) => {
    for (const row of above) {
      if (!row[k]) continue;
      through.forEach((reached, b) => {
        if (reached) row[b] = true;
      });
    }
  });
  return above;
}
