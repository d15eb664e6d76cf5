import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type ArenaTable, arenaTable } from '#lib/domain/statistics/comparisons/arena';
import { eloInOrder } from '#lib/domain/statistics/comparisons/elo';
import type { PairCount } from '#lib/domain/statistics/comparisons/pair-counts';
import { type WinRate, winRates } from '#lib/domain/statistics/comparisons/win-rates';
import type { Estimate } from '#lib/domain/statistics/estimate';
import type { Deps } from '../deps';
import { authorise } from '../people/authorise';
import { type ArenaSource, readComparisons } from './read-comparisons';

export const getArenaInput = z.strictObject({
  projectId: z.uuid(),
  source: z.enum(['ALL', 'LABELING', 'EVALUATION', 'CHAT']).default('ALL'),
});

interface ArenaModel {
  readonly id: string;
  readonly name: string;
  /** Models whose intervals overlap share a rank; null where ratings are undefined. */
  readonly rank: number | null;
  /** Bradley and Terry's strength on Elo's scale; the order of the judgements does not matter. */
  readonly rating: Estimate;
  readonly wins: WinRate;
  /** Elo's rating in the order in which people judged: another order gives another number. */
  readonly elo: number;
}

/** Row against column; null where the two never met. */
interface ArenaCell {
  readonly first: string;
  readonly second: string;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
}

export interface ArenaView {
  readonly source: ArenaSource;
  readonly models: readonly ArenaModel[];
  readonly cells: readonly ArenaCell[];
  /** Why no ratings can be given; null where they are. */
  readonly reason: string | null;
  /** What it is worth to be shown before the other, in Elo points. */
  readonly order: Estimate | null;
  readonly comparisons: number;
  readonly labels: number;
  readonly truncated: boolean;
}

/**
 * Models of a project against each other, from all that people judged. Headline: Bradley-Terry with Davidson's ties and an effect of the order
 * shown, intervals by task (a ranking of K answers gives pairs that go together).
 */
export async function getArena(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof getArenaInput>): Promise<ArenaView> {
  const { projectId, source } = getArenaInput.parse(input);
  await authorise(deps, actor, projectId, 'model.read');
  const { counts, labels, truncated } = await readComparisons(deps.db, projectId, source);
  const names = await deps.db.modelVersion.findMany({ where: { projectId }, select: { id: true, name: true } });
  const nameOf = new Map(names.map(({ id, name }) => [id, name]));
  const table: ArenaTable =
    counts.length === 0
      ? { defined: false, reason: 'nothing was compared yet', n: 0 }
      : arenaTable(counts, { ties: 'davidson', order: hasBothOrders(counts), interval: { sandwich: 'task' } });
  const elo = eloInOrder(
    counts.map((pair) => ({ first: pair.first, second: pair.second, score: pair.wins > 0 ? 1 : pair.losses > 0 ? 0 : 0.5 })),
  );
  const ratings = new Map(table.defined ? table.rows.map((row) => [row.item, row]) : []);
  const models = winRates(counts).map((wins): ArenaModel => {
    const row = ratings.get(wins.item);
    return {
      id: wins.item,
      name: nameOf.get(wins.item) ?? wins.item,
      rank: row?.rank ?? null,
      rating: row?.rating ?? { defined: false, reason: table.defined ? 'it was not compared' : table.reason, n: 0 },
      wins,
      elo: elo.get(wins.item) ?? 1000,
    };
  });
  return {
    source,
    models: models.sort((a, b) => strength(b) - strength(a) || a.name.localeCompare(b.name)),
    cells: cellsOf(counts),
    reason: table.defined ? null : table.reason,
    order: table.defined && table.order ? inPoints(table.order) : null,
    comparisons: counts.length,
    labels,
    truncated,
  };
}

function hasBothOrders(counts: readonly PairCount[]): boolean {
  return counts.some(({ order }) => order === 1) && counts.some(({ order }) => order === -1);
}

function strength({ rating, wins }: ArenaModel): number {
  if (rating.defined) return rating.value;
  return wins.rate.defined ? wins.rate.value - 1e6 : Number.NEGATIVE_INFINITY;
}

function inPoints(order: Estimate): Estimate {
  const points = 400 / Math.LN10;
  return order.defined ? { ...order, value: order.value * points, low: order.low * points, high: order.high * points } : order;
}

function cellsOf(counts: readonly PairCount[]): ArenaCell[] {
  const cells = new Map<string, { first: string; second: string; wins: number; losses: number; ties: number }>();
  const add = (first: string, second: string, wins: number, losses: number, ties: number) => {
    const key = `${first} ${second}`;
    const cell = cells.get(key) ?? { first, second, wins: 0, losses: 0, ties: 0 };
    cells.set(key, { ...cell, wins: cell.wins + wins, losses: cell.losses + losses, ties: cell.ties + ties });
  };
  for (const { first, second, wins, losses, ties = 0 } of counts) {
    add(first, second, wins, losses, ties);
    add(second, first, losses, wins, ties);
  }
  return [...cells.values()];
}
