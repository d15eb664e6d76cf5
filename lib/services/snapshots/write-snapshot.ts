import type { Tx } from '#lib/db/create-db';
import { sha256Hex } from '#lib/domain/canonical-json';
import { dataCard, type SnapshotRecord, snapshotBytes, sortRecords } from '#lib/domain/snapshot';
import type { Deps } from '#lib/services/deps';

interface Of {
  readonly projectId: string;
  readonly loopId: string | null;
  readonly roundId: string | null;
}

const batchSize = 5000;

/** The canonical bytes into the blob store, their hash as the name of the snapshot, and one row for each annotation. */
export async function writeSnapshot(
  tx: Tx,
  { blobs, clock }: Pick<Deps, 'blobs' | 'clock'>,
  of: Of,
  records: readonly SnapshotRecord[],
): Promise<{ snapshotId: string; hash: string }> {
  const bytes = snapshotBytes(records);
  const hash = sha256Hex(bytes);
  const artifact = await blobs.putBytes(bytes);
  await tx.artifact.createMany({ data: [{ sha256: artifact.sha256, size: artifact.size }], skipDuplicates: true });
  const { id: snapshotId } = await tx.snapshot.create({
    data: { ...of, hash, artifact: artifact.sha256, card: JSON.parse(JSON.stringify(dataCard(records))), createdAt: clock.now() },
    select: { id: true },
  });
  const rows = sortRecords(records).map(({ annotation, split }, ordinal) => ({ snapshotId, annotationId: annotation.id, split, ordinal }));
  for (let start = 0; start < rows.length; start += batchSize) {
    await tx.snapshotAnnotation.createMany({ data: rows.slice(start, start + batchSize) });
  }
  return { snapshotId, hash };
}
