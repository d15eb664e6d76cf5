import { type Ballot, byScore, type Consensus, majorities, noBallots } from './majorities';

/**
 * Borda's count: an item gets, from each ranking, the items below it and half of those it is tied with. Of rankings of some of the items the mean of margins is
 * taken, so that being ranked often is no merit.
 */
export function borda(ballots: readonly Ballot[]): Consensus & { readonly scores: Readonly<Record<string, number>> } {
  const { items, n } = majorities(ballots);
  if (items.length === 0) return { ...noBallots(n), scores: {} };
  const complete = ballots.every(({ ranks }) => Object.keys(ranks).length === items.length);
  const totals = items.map((item) => {
    let points = 0;
    let chances = 0;
    for (const { ranks, weight = 1 } of ballots) {
      const own = ranks[item];
      if (own === undefined) continue;
      const others = Object.entries(ranks).filter(([other]) => other !== item);
      points += weight * others.reduce((sum, [, rank]) => sum + (rank > own ? 1 : rank === own ? 0.5 : 0), 0);
      chances += weight * others.length;
    }
    return complete ? points : chances === 0 ? 0 : points / chances;
  });
  return {
    defined: true,
    groups: byScore(items, totals),
    scores: Object.fromEntries(items.map((item, at) => [item, totals[at] as number])),
    n,
  };
}
