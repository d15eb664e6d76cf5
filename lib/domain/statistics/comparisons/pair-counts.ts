/** How often `first` was judged better than `second` (wins), worse (losses) or as good (ties); one judgement is a count of 1. */
export interface PairCount {
  readonly first: string;
  readonly second: string;
  readonly wins: number;
  readonly losses: number;
  readonly ties?: number;
  /** 1: `first` had the advantage that an order effect measures (shown first, at home); -1: `second` had it; 0: nobody. */
  readonly order?: 1 | -1 | 0;
  readonly task?: string;
  readonly annotator?: string;
}

/** Every pair of a ranking (1 = best, equal = tie); `shown` is the place of each item on the screen. */
export function pairsOfRanking(
  ranking: { readonly ranks: Readonly<Record<string, number>>; readonly shown?: Readonly<Record<string, number>> },
  origin: { readonly task?: string; readonly annotator?: string } = {},
): PairCount[] {
  const items = Object.entries(ranking.ranks);
  return items.flatMap(([first, rank], index) =>
    items.slice(index + 1).map(([second, other]): PairCount => {
      const [placeFirst, placeSecond] = [ranking.shown?.[first], ranking.shown?.[second]];
      const order = placeFirst === undefined || placeSecond === undefined ? 0 : placeFirst < placeSecond ? 1 : -1;
      return { first, second, wins: Number(rank < other), losses: Number(rank > other), ties: Number(rank === other), order, ...origin };
    }),
  );
}

/** Counts of one pair under one order, items as numbers, first < second. */
export interface IndexedPair {
  readonly first: number;
  readonly second: number;
  readonly order: 1 | -1 | 0;
  wins: number;
  losses: number;
  ties: number;
}

export interface PairTable {
  readonly items: readonly string[];
  readonly pairs: readonly IndexedPair[];
  /** Judgements. */
  readonly n: number;
}

/** Pools counts by pair and order. Throws RangeError where something is compared with itself or a count is no count. */
export function pairTable(counts: Iterable<PairCount>, options: { readonly order: boolean }): PairTable {
  const index = new Map<string, number>();
  const cells = new Map<string, IndexedPair>();
  let n = 0;
  const place = (item: string): number => {
    const known = index.get(item);
    if (known !== undefined) return known;
    index.set(item, index.size);
    return index.size - 1;
  };
  for (const count of counts) {
    checkCount(count);
    const [a, b] = [place(count.first), place(count.second)];
    const turned = a > b;
    const towards = options.order ? (count.order ?? 0) : 0;
    const order = (turned ? -towards || 0 : towards) as 1 | -1 | 0;
    const [first, second] = turned ? [b, a] : [a, b];
    const key = `${first} ${second} ${order}`;
    const cell = cells.get(key) ?? { first, second, order, wins: 0, losses: 0, ties: 0 };
    cells.set(key, cell);
    cell.wins += turned ? count.losses : count.wins;
    cell.losses += turned ? count.wins : count.losses;
    cell.ties += count.ties ?? 0;
    n += count.wins + count.losses + (count.ties ?? 0);
  }
  return { items: [...index.keys()], pairs: [...cells.values()], n };
}

function checkCount({ first, losses, second, ties = 0, wins }: PairCount): void {
  if (first === second) throw new RangeError(`"${first}" is compared with itself`);
  if ([wins, losses, ties].every((count) => count >= 0 && Number.isFinite(count))) return;
  throw new RangeError(`counts of "${first}" and "${second}" are ${wins}, ${losses}, ${ties}: each has to be a number from 0 on`);
}
