/** Expected score of a player who is `lead` points ahead (Elo 1978). */
export function eloExpected(lead: number): number {
  return 1 / (1 + 10 ** (-lead / 400));
}

/** The rating after games against opponents, each scored 1 (won), 0.5 or 0, with all expectations from the rating before. */
export function eloAfter(rating: number, games: readonly { readonly opponent: number; readonly score: number }[], k = 32): number {
  const surplus = games.reduce((sum, { opponent, score }) => sum + score - eloExpected(rating - opponent), 0);
  return rating + k * surplus;
}

interface EloGame {
  readonly first: string;
  readonly second: string;
  /** Of `first`. */
  readonly score: 1 | 0.5 | 0;
}

/** Ratings after games one by one. The same games in another order give other ratings: for a headline take `arenaTable`, which knows no order. */
export function eloInOrder(games: Iterable<EloGame>, options: { readonly k?: number; readonly start?: number } = {}): Map<string, number> {
  const { k = 32, start = 1000 } = options;
  const ratings = new Map<string, number>();
  for (const { first, score, second } of games) {
    const [a, b] = [ratings.get(first) ?? start, ratings.get(second) ?? start];
    const surplus = score - eloExpected(a - b);
    ratings.set(first, a + k * surplus);
    ratings.set(second, b - k * surplus);
  }
  return ratings;
}

/** Log strengths on the scale of Elo: 400 points are odds of ten to one, 1000 is the mean. */
export function eloScale(logStrength: number): number {
  return 1000 + (400 / Math.LN10) * logStrength;
}
