import type { Random } from '#lib/domain/random';
import { clusterBootstrap } from '../cluster';
import { type Estimate, undefinedEstimate } from '../estimate';
import { jeffreysInterval, wilsonInterval } from '../proportion';

interface GoldCheck {
  readonly annotator: string;
  readonly right: boolean;
}

interface GoldReliability {
  readonly annotator: string;
  readonly wilson: Estimate;
  /** Shorter near 0 and 1. */
  readonly jeffreys: Estimate;
}

/** Share of gold checks that each annotator got right. Checks are taken as independent: one a task. */
export function goldReliability(checks: readonly GoldCheck[], level = 0.95): GoldReliability[] {
  const tallies = new Map<string, { right: number; all: number }>();
  for (const { annotator, right } of checks) {
    const tally = tallies.get(annotator) ?? { right: 0, all: 0 };
    tallies.set(annotator, { right: tally.right + Number(right), all: tally.all + 1 });
  }
  return [...tallies].map(([annotator, { all, right }]) => {
    return { annotator, wilson: wilsonInterval(right, all, level), jeffreys: jeffreysInterval(right, all, level) };
  });
}

interface PeerLabel {
  readonly item: string;
  readonly annotator: string;
  readonly label: string;
  /** What goes together: the task that several items (its pairs) belong to. The item itself by default. */
  readonly cluster?: string;
}

/**
 * How often each annotator says what another one says of the same item; each item counts the share of the others who agree. Agreement is not
 * accuracy: who is right among many who are wrong agrees with few.
 */
export function peerAgreement(
  labels: readonly PeerLabel[],
  options: { readonly random: Random; readonly level?: number },
): Map<string, Estimate> {
  const byItem = new Map<string, PeerLabel[]>();
  for (const label of labels) byItem.set(label.item, [...(byItem.get(label.item) ?? []), label]);
  const clusters = new Map<string, Map<string, { numerator: number; denominator: number }>>();
  for (const each of byItem.values()) {
    for (const own of each) {
      const others = each.filter(({ annotator }) => annotator !== own.annotator);
      const known = clusters.get(own.annotator) ?? new Map<string, { numerator: number; denominator: number }>();
      clusters.set(own.annotator, known);
      if (others.length === 0) continue;
      const key = own.cluster ?? own.item;
      const { denominator, numerator } = known.get(key) ?? { numerator: 0, denominator: 0 };
      const share = others.filter(({ label }) => label === own.label).length / others.length;
      known.set(key, { numerator: numerator + share, denominator: denominator + 1 });
    }
  }
  return new Map(
    [...clusters].map(([annotator, shared]) => {
      const counted = [...shared.values()];
      if (counted.length === 0) return [annotator, undefinedEstimate('nobody else labelled the same items', 0)];
      return [annotator, clusterBootstrap(counted, { ...options, random: options.random.fork(annotator) })];
    }),
  );
}
