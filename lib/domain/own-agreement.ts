import type { Random } from './random';
import { type Cluster, clusterBootstrap } from './statistics/cluster';
import { quantile } from './statistics/summary';

/** Fewer tasks than this say nothing about a person. */
export const neededTasks = 20;
/** A band of fewer people would let one of them be read off it. */
const neededPeople = 5;

/** How far a person's answers agree with something, as he may read it: with interval and n, or how many are still needed. */
export type OwnAgreement =
  | {
      readonly known: true;
      readonly value: number;
      readonly low: number;
      readonly high: number;
      readonly tasks: number;
      readonly parts: number;
    }
  | { readonly known: false; readonly tasks: number; readonly needed: number };

/** Share of compared parts (pairs of answers, ratings ...) that agree, with an interval clustered by task. */
export function ownAgreement(tasks: readonly Cluster[], random: Random): OwnAgreement {
  const counted = tasks.filter(({ denominator }) => denominator > 0);
  if (counted.length < neededTasks) return { known: false, tasks: counted.length, needed: neededTasks };
  const estimate = clusterBootstrap(counted, { random, resamples: 1000 });
  if (!estimate.defined) return { known: false, tasks: counted.length, needed: neededTasks };
  const parts = counted.reduce((sum, { denominator }) => sum + denominator, 0);
  return { known: true, value: estimate.value, low: estimate.low, high: estimate.high, tasks: counted.length, parts };
}

export interface Band {
  readonly low: number;
  readonly high: number;
  readonly people: number;
}

/**
 * Where the middle half of the others lies: their quartiles, in whole percents, and only of five people or more. What
 * anybody can learn from it of one other person is that he is among five or more around these two numbers: no extreme,
 * no order, no name is given, and it moves once a day.
 */
export function bandOfOthers(shares: readonly number[]): Band | null {
  if (shares.length < neededPeople) return null;
  const percent = (share: number) => Math.round(share * 100) / 100;
  return { low: percent(quantile(shares, 0.25)), high: percent(quantile(shares, 0.75)), people: shares.length };
}
