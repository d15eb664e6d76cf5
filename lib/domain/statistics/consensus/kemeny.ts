import { type Ballot, byOrder, type Consensus, equalMargin, majorities, noBallots } from './majorities';

const mostItems = 9;

/**
 * Kemeny's order (1959): the one with the fewest pairs turned against the rankings, found exactly over subsets. Where several orders are best, items that they order
 * differently are tied; so are items with a margin of 0 that nothing else holds apart.
 */
export function kemeny(ballots: readonly Ballot[]): Consensus {
  const { items, margin, n } = majorities(ballots);
  if (items.length === 0) return noBallots(n);
  if (items.length > mostItems)
    return {
      defined: false,
      reason: `the best order is searched among at most ${mostItems} items, and there are ${items.length}: take ranked pairs`,
      n,
    };
  const best = bestAgreement(margin, null);
  // a stands above b in every best order where the best orders with b above a are worse
  const above = items.map((_, a) => items.map((__, b) => a !== b && bestAgreement(margin, [b, a]) < best - equalMargin));
  return { defined: true, groups: byOrder(items, above), n };
}

/** Largest sum of margins of pairs put in their order, where `forced` names an item that has to stand above another. */
function bestAgreement(margin: readonly (readonly number[])[], forced: readonly [number, number] | null): number {
  const k = margin.length;
  const sets = 2 ** k;
  // best[set]: the items of the set stand first; the next one goes below all of them
  const best = new Float64Array(sets).fill(Number.NEGATIVE_INFINITY);
  best[0] = 0;
  for (let set = 0; set < sets; set += 1) {
    const so = best[set] as number;
    if (so === Number.NEGATIVE_INFINITY) continue;
    for (let item = 0; item < k; item += 1) {
      if ((set >> item) & 1) continue;
      if (forced && forced[1] === item && !((set >> forced[0]) & 1)) continue;
      let gain = 0;
      for (let other = 0; other < k; other += 1) if ((set >> other) & 1) gain += margin[other]?.[item] as number;
      const next = set | (1 << item);
      best[next] = Math.max(best[next] as number, so + gain);
    }
  }
  return best[sets - 1] as number;
}
