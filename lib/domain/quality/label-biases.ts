import type { Random } from '#lib/domain/random';
import { type PositionBiasResult, positionBias } from '#lib/domain/statistics/annotators/position-bias';
import { type Cluster, clusterBootstrap } from '#lib/domain/statistics/cluster';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { wilsonInterval } from '#lib/domain/statistics/proportion';
import { type QualityLabel, resamplesOf, shownRanks } from './label-data';

/** So many of a person's newest labels say whether he favours a place: what was long ago is no habit of now. */
const newest = 5000;

/** Whether a person favours the answer shown first; where place does not matter it wins half of its pairs. */
export function positionOf(labels: readonly QualityLabel[], falseAlarms: number): PositionBiasResult {
  const latest = labels.length <= newest ? labels : labels.toSorted((a, b) => b.at.getTime() - a.at.getTime()).slice(0, newest);
  return positionBias(latest.map(shownRanks), { falseAlarms });
}

/** Of pairs with the answer shown first and a preference, the share that it won; whole tasks drawn again. */
export function firstWins(labels: readonly QualityLabel[], random: Random): Estimate {
  const clusters = byTask(labels, (label) =>
    countPairs(label, (a, b, better) => {
      const [first] = label.displayOrder;
      if (better === 0 || (a !== first && b !== first)) return null;
      return (a === first) === better < 0;
    }),
  );
  return clusterBootstrap(clusters, { random, resamples: resamplesOf(labels.length) });
}

/** Of pairs of answers of different length with a preference, the share that the longer one won; whole tasks drawn again. */
export function longerWins(labels: readonly QualityLabel[], lengths: ReadonlyMap<string, number>, random: Random): Estimate {
  return clusterBootstrap(
    byTask(labels, (label) =>
      countPairs(label, (a, b, better) => {
        const [first, second] = [lengths.get(a) ?? 0, lengths.get(b) ?? 0];
        if (first === second || better === 0) return null;
        return first > second === better < 0;
      }),
    ),
    { random, resamples: resamplesOf(labels.length) },
  );
}

/** Of all pairs of ranked answers, the share that is tied. */
export function tieRate(labels: readonly QualityLabel[], random: Random): Estimate {
  return clusterBootstrap(
    byTask(labels, (label) => countPairs(label, (_a, _b, better) => better === 0)),
    { random, resamples: resamplesOf(labels.length) },
  );
}

/** Share of answers sent faster than they can be read. */
export function tooFast(labels: readonly QualityLabel[], minMs: Readonly<Record<string, number>>): Estimate {
  const fast = labels.filter(({ kind, activeMs }) => activeMs < (minMs[kind] ?? 0)).length;
  return wilsonInterval(fast, labels.length);
}

/** Counts pairs of ranked answers for which `holds` is true, of those for which it is not null; `better` < 0: the first is. */
function countPairs({ content }: QualityLabel, holds: (a: string, b: string, better: number) => boolean | null): Cluster {
  const ranks = Object.entries(content.ranks ?? {});
  let [numerator, denominator] = [0, 0];
  ranks.forEach(([a, rankA], index) => {
    for (const [b, rankB] of ranks.slice(index + 1)) {
      const held = holds(a, b, Math.sign(rankA - rankB));
      if (held === null) continue;
      denominator += 1;
      if (held) numerator += 1;
    }
  });
  return { numerator, denominator };
}

function byTask(labels: readonly QualityLabel[], count: (label: QualityLabel) => Cluster): Cluster[] {
  const clusters = new Map<string, Cluster>();
  for (const label of labels) {
    const known = clusters.get(label.taskId) ?? { numerator: 0, denominator: 0 };
    const { numerator, denominator } = count(label);
    clusters.set(label.taskId, { numerator: known.numerator + numerator, denominator: known.denominator + denominator });
  }
  return [...clusters.values()];
}
