import { hashJson } from '#lib/domain/canonical-json';
import type { NoteBook } from './notes';
import type { RankingRow } from './training-data';

/**
 * Rows about the same answers to the same prompt become one with several rankings, in the order of the first; the answers may stand in
 * another order. Rows of other answers to the same prompt stay apart.
 */
export function joinRankings(rows: readonly RankingRow[], notes: NoteBook): RankingRow[] {
  const joined = new Map<string, { row: RankingRow; hashes: readonly string[] }>();
  for (const row of rows) {
    const hashes = row.responses.map((response) => hashJson(response));
    const key = hashJson([row.prompt, hashes.toSorted(), row.split]);
    const first = joined.get(key);
    if (first === undefined) {
      joined.set(key, { row, hashes });
      continue;
    }
    notes.add('joined-rankings', row.place);
    const free = new Set(hashes.keys());
    const order = first.hashes.map((hash) => {
      const at = [...free].find((index) => hashes[index] === hash) as number;
      free.delete(at);
      return at;
    });
    const more = row.rankings.map((ranking) => ({ ...ranking, ranks: order.map((at) => ranking.ranks[at] ?? null) }));
    joined.set(key, { hashes: first.hashes, row: { ...first.row, rankings: [...first.row.rankings, ...more] } });
  }
  return [...joined.values()].map(({ row }) => row);
}
