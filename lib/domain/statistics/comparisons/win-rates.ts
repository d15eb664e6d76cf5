import type { Random } from '#lib/domain/random';
import { clusterBootstrap } from '../cluster';
import type { Estimate } from '../estimate';
import { wilsonInterval } from '../proportion';
import type { PairCount } from './pair-counts';

export interface WinRate {
  readonly item: string;
  /** Wins and half of the ties over all its comparisons. Depends on whom it was compared with. */
  readonly rate: Estimate;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
}

/** Win rates with Wilson's interval, which takes comparisons as independent, or resampled by task where a `random` is given. */
export function winRates(counts: readonly PairCount[], level = 0.95, random?: Random): WinRate[] {
  const tallies = new Map<
    string,
    { wins: number; losses: number; ties: number; tasks: Map<string, { numerator: number; denominator: number }> }
  >();
  const add = (item: string, wins: number, losses: number, ties: number, task: string) => {
    const tally = tallies.get(item) ?? { wins: 0, losses: 0, ties: 0, tasks: new Map() };
    tallies.set(item, tally);
    tally.wins += wins;
    tally.losses += losses;
    tally.ties += ties;
    const cluster = tally.tasks.get(task) ?? { numerator: 0, denominator: 0 };
    cluster.numerator += wins + ties / 2;
    cluster.denominator += wins + losses + ties;
    tally.tasks.set(task, cluster);
  };
  counts.forEach(({ first, losses, second, task, ties = 0, wins }, index) => {
    const cluster = task ?? `\u0000${index}`;
    add(first, wins, losses, ties, cluster);
    add(second, losses, wins, ties, cluster);
  });
  return [...tallies].map(([item, { losses, tasks, ties, wins }]) => {
    const rate = random
      ? clusterBootstrap([...tasks.values()], { random, level })
      : wilsonInterval(wins + ties / 2, wins + losses + ties, level);
    return { item, rate, wins, losses, ties };
  });
}
