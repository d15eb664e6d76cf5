import { type Ballot, byScore, type Consensus, equalMargin, majorities, noBallots } from './majorities';

/** Copeland's count: pairs that an item wins by majority, half for a margin of 0. */
export function copeland(ballots: readonly Ballot[]): Consensus & { readonly scores: Readonly<Record<string, number>> } {
  const { items, margin, n } = majorities(ballots);
  if (items.length === 0) return { ...noBallots(n), scores: {} };
  const scores = items.map((_, a) =>
    items.reduce((sum, __, b) => {
      const own = margin[a]?.[b] as number;
      if (a === b) return sum;
      return sum + (Math.abs(own) < equalMargin ? 0.5 : own > 0 ? 1 : 0);
    }, 0),
  );
  return {
    defined: true,
    groups: byScore(items, scores),
    scores: Object.fromEntries(items.map((item, at) => [item, scores[at] as number])),
    n,
  };
}
