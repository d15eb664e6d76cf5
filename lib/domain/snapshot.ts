import { z } from 'zod';
import { canonicalJson } from './canonical-json';
import { pairsOf } from './comparison';
import { createRandom } from './random';
import { type Split, splits } from './splits';
import { type Cluster, clusterBootstrap } from './statistics/cluster';
import type { Estimate } from './statistics/estimate';

const hash = z.string().min(1);

/** The kinds that compare finished answers. */
export const snapshotKinds = ['RANKING', 'PAIRWISE'] as const;

/**
 * One line of a snapshot: what was judged, by whom and under what, as ids and hashes. Texts and persons are not in it,
 * so that they can be erased while the snapshot still verifies.
 */
const snapshotRecordSchema = z.strictObject({
  annotation: z.strictObject({ id: z.string(), hash, kind: z.enum(snapshotKinds), schemaVersion: z.int() }),
  /** Pseudonym of the member. */
  annotator: z.string().min(1),
  displayOrder: z.array(z.string()),
  form: hash,
  guideline: hash,
  prompt: z.strictObject({ id: z.string(), hash }),
  /** In the order of the task; rank is dense from 1 (best), equal = tie, null = set aside. */
  responses: z.array(z.strictObject({ id: z.string(), hash, rank: z.int().min(1).nullable() })),
  split: z.enum(splits),
  /** Of a choice between two: how much better (1 to 3), and that both are of no use. */
  strength: z.int().min(1).max(3).optional(),
  bothBad: z.literal(true).optional(),
});

export type SnapshotRecord = z.infer<typeof snapshotRecordSchema>;

/** The canonical bytes: one canonical JSON object a line, in the order of prompt id and annotation id. */
export function snapshotBytes(records: readonly SnapshotRecord[]): Uint8Array {
  return new TextEncoder().encode(
    sortRecords(records)
      .map((record) => `${canonicalJson(record)}\n`)
      .join(''),
  );
}

export function sortRecords(records: readonly SnapshotRecord[]): SnapshotRecord[] {
  const key = (record: SnapshotRecord) => `${record.prompt.id} ${record.annotation.id}`;
  return [...records].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

export function parseSnapshot(bytes: Uint8Array): SnapshotRecord[] {
  const lines = new TextDecoder('utf-8', { fatal: true }).decode(bytes).split('\n');
  return lines.filter((line) => line !== '').map((line) => snapshotRecordSchema.parse(JSON.parse(line)));
}

/** What a snapshot holds, in numbers that can be checked against its bytes. */
export interface DataCard {
  readonly annotations: number;
  readonly prompts: number;
  readonly responses: number;
  readonly annotators: number;
  readonly splits: Readonly<Record<Split, { readonly prompts: number; readonly annotations: number; readonly pairs: number }>>;
  /** Pairs of responses that one annotation compares. */
  readonly pairs: { readonly strict: number; readonly tied: number };
  readonly setAside: number;
  readonly guidelines: Readonly<Record<string, number>>;
  readonly overlap: { readonly prompts: number };
  /**
   * Over all pairs of responses that two annotators of one task both ranked: 1 where they say the same, 0 where the
   * opposite, 1/2 where one sees a tie and the other does not. Interval by bootstrap over prompts.
   */
  readonly agreement: Estimate;
}

const bootstrapSeed = 20260301;

export function dataCard(records: readonly SnapshotRecord[]): DataCard {
  const bySplit = { TRAIN: emptySplit(), VALIDATION: emptySplit(), TEST: emptySplit() };
  const guidelines: Record<string, number> = {};
  const responses = new Set<string>();
  const byPrompt = new Map<string, SnapshotRecord[]>();
  let strict = 0;
  let tied = 0;
  let setAside = 0;
  for (const record of sortRecords(records)) {
    const pairs = pairsOf({ ranks: ranksOf(record), aside: [] });
    strict += pairs.strict.length;
    tied += pairs.tied.length;
    for (const { id, rank } of record.responses) {
      responses.add(id);
      if (rank === null) setAside += 1;
    }
    guidelines[record.guideline] = (guidelines[record.guideline] ?? 0) + 1;
    const split = bySplit[record.split];
    const group = byPrompt.get(record.prompt.id);
    if (!group) split.prompts += 1;
    split.annotations += 1;
    split.pairs += pairs.strict.length + pairs.tied.length;
    byPrompt.set(record.prompt.id, [...(group ?? []), record]);
  }
  const clusters = [...byPrompt.values()].map(agreementOf);
  return {
    annotations: records.length,
    prompts: byPrompt.size,
    responses: responses.size,
    annotators: new Set(records.map(({ annotator }) => annotator)).size,
    splits: bySplit,
    pairs: { strict, tied },
    setAside,
    guidelines,
    overlap: { prompts: clusters.filter(({ denominator }) => denominator > 0).length },
    agreement: clusterBootstrap(clusters, { random: createRandom(bootstrapSeed) }),
  };
}

function emptySplit() {
  return { prompts: 0, annotations: 0, pairs: 0 };
}

function ranksOf(record: SnapshotRecord): Record<string, number> {
  const ranks: Record<string, number> = {};
  for (const { id, rank } of record.responses) if (rank !== null) ranks[id] = rank;
  return ranks;
}

/** Agreement within one prompt, over all pairs of its annotations and all pairs of responses that both ranked. */
function agreementOf(records: readonly SnapshotRecord[]): Cluster {
  let numerator = 0;
  let denominator = 0;
  const all = records.map(ranksOf);
  all.forEach((first, index) => {
    for (const second of all.slice(index + 1)) {
      const shared = Object.keys(first).filter((id) => second[id] !== undefined);
      shared.forEach((a, position) => {
        for (const b of shared.slice(position + 1)) {
          const one = Math.sign((first[a] ?? 0) - (first[b] ?? 0));
          const other = Math.sign((second[a] ?? 0) - (second[b] ?? 0));
          numerator += 1 - Math.abs(one - other) / 2;
          denominator += 1;
        }
      });
    }
  });
  return { numerator, denominator };
}
