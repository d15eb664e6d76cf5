import type { LabelRow } from './label-table';
import { kendallTauB } from './rank-correlation';

export interface RankingRow {
  readonly item: string;
  readonly annotator: string;
  /** Ids of the answers, in the order in which they were shown. */
  readonly responses: readonly string[];
  /** Rank of each answer, lower is better, equal is a tie; null: set aside. */
  readonly ranks: readonly (number | null)[];
}

/** Every two rankings of one item: what they say about the pairs of answers that both ranked. */
export interface RankingPairs {
  readonly items: number;
  readonly annotators: readonly string[];
  readonly item: Int32Array;
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Pairs of answers: both prefer the same one, each another one, both tie, one of them ties. */
  readonly same: Float64Array;
  readonly opposite: Float64Array;
  readonly bothTie: Float64Array;
  readonly oneTies: Float64Array;
  /** NaN where one of the two ties everything. */
  readonly tauB: Float64Array;
  /** How far the sets of best answers overlap: shared ones over all named. */
  readonly top: Float64Array;
}

export interface ItemRankings {
  readonly name: string;
  readonly rankings: { readonly annotator: number; readonly rankOf: ReadonlyMap<string, number> }[];
}

export function rankingsByItem(rows: readonly RankingRow[]): { items: ItemRankings[]; annotators: string[] } {
  const items = new Map<string, ItemRankings>();
  const annotators = new Map<string, number>();
  for (const row of rows) {
    const annotator = annotators.get(row.annotator) ?? annotators.size;
    annotators.set(row.annotator, annotator);
    const rankOf = new Map(row.responses.flatMap((id, at) => (row.ranks[at] === null ? [] : [[id, row.ranks[at] as number]])));
    const item = items.get(row.item) ?? { name: row.item, rankings: [] };
    item.rankings.push({ annotator, rankOf });
    items.set(row.item, item);
  }
  return { items: [...items.values()], annotators: [...annotators.keys()] };
}

export function rankingPairs(rows: readonly RankingRow[]): RankingPairs {
  const { items, annotators } = rankingsByItem(rows);
  const found = items.flatMap(({ rankings }, item) =>
    rankings.flatMap((first, at) =>
      rankings
        .slice(at + 1)
        .map((second) => ({ item, first: first.annotator, second: second.annotator, ...compare(first.rankOf, second.rankOf) })),
    ),
  );
  return {
    items: items.length,
    annotators,
    item: Int32Array.from(found, (pair) => pair.item),
    first: Int32Array.from(found, (pair) => pair.first),
    second: Int32Array.from(found, (pair) => pair.second),
    same: Float64Array.from(found, (pair) => pair.same),
    opposite: Float64Array.from(found, (pair) => pair.opposite),
    bothTie: Float64Array.from(found, (pair) => pair.bothTie),
    oneTies: Float64Array.from(found, (pair) => pair.oneTies),
    tauB: Float64Array.from(found, (pair) => pair.tauB),
    top: Float64Array.from(found, (pair) => pair.top),
  };
}

function compare(first: ReadonlyMap<string, number>, second: ReadonlyMap<string, number>) {
  const shared = [...first.keys()].filter((id) => second.has(id));
  const [x, y] = [shared.map((id) => first.get(id) as number), shared.map((id) => second.get(id) as number)];
  let [same, opposite, bothTie, oneTies] = [0, 0, 0, 0];
  for (let i = 0; i < shared.length; i += 1)
    for (let j = i + 1; j < shared.length; j += 1) {
      const [dx, dy] = [Math.sign((x[i] as number) - (x[j] as number)), Math.sign((y[i] as number) - (y[j] as number))];
      if (dx === 0 && dy === 0) bothTie += 1;
      else if (dx === 0 || dy === 0) oneTies += 1;
      else if (dx === dy) same += 1;
      else opposite += 1;
    }
  const [bestX, bestY] = [Math.min(...x), Math.min(...y)];
  const common = shared.filter((_, at) => x[at] === bestX && y[at] === bestY).length;
  const named = shared.filter((_, at) => x[at] === bestX || y[at] === bestY).length;
  return { same, opposite, bothTie, oneTies, tauB: kendallTauB(x, y), top: shared.length < 2 ? Number.NaN : common / named };
}

/**
 * Rankings as labels `<` (the first is better), `>` and `=` of pairs of answers, grouped by item. `shown`: a pair is the two in the order
 * shown, as the Workshop on Machine Translation counts; `any`: in whichever order.
 */
export function preferenceRows(rows: readonly RankingRow[], order: 'shown' | 'any'): LabelRow[] {
  return rows.flatMap(({ item, annotator, responses, ranks }) =>
    responses.flatMap((a, at) =>
      responses.slice(at + 1).flatMap((b, after) => {
        const [rankA, rankB] = [ranks[at], ranks[at + 1 + after]];
        if (rankA === null || rankA === undefined || rankB === null || rankB === undefined) return [];
        const turned = order === 'any' && b < a;
        const sign = Math.sign(rankA - rankB) * (turned ? -1 : 1);
        const label = sign === 0 ? '=' : sign < 0 ? '<' : '>';
        return [{ group: item, item: JSON.stringify(turned ? [b, a] : [a, b]), annotator, label }];
      }),
    ),
  );
}
