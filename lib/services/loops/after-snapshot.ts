import type { Tx } from '#lib/db/create-db';
import { writeEdges } from '../lineage/write-edges';
import { completeOutbox } from '../outbox/complete-outbox';
import { advance } from './advance';
import { lockRound } from './lock-round';
import { byRule, moveRound } from './move-round';

/**
 * Call in the transaction that wrote the round's snapshot: ties it to the models whose answers were ranked, and moves the round on to
 * reward training. Where the round is not freezing (cancelled meanwhile) the snapshot stays and nothing moves.
 */
export async function afterSnapshot(tx: Tx, input: { roundId: string; snapshotId: string }): Promise<void> {
  const at = new Date();
  const round = await lockRound(tx, input.roundId);
  await completeOutbox(tx, 'freeze-snapshot', input.roundId, at);
  if (round.stage !== 'FREEZING' || round.status !== 'RUNNING') return;
  await linkAnsweringModels(tx, input.snapshotId);
  const snapshot = await tx.snapshot.findUniqueOrThrow({
    where: { id: input.snapshotId },
    select: { hash: true, _count: { select: { annotations: true } } },
  });
  const data = { snapshotId: input.snapshotId, hash: snapshot.hash, annotations: snapshot._count.annotations };
  const moved = await moveRound(tx, round, 'frozen', { ...byRule, data }, at, { snapshotId: input.snapshotId });
  await advance(tx, moved, at);
}

/** The answers of a snapshot came from models: what a label reached goes on through the answers that its model wrote. */
async function linkAnsweringModels(tx: Tx, snapshotId: string): Promise<void> {
  const models = await tx.$queryRaw<{ id: string }[]>`
    select distinct r."modelVersionId" as "id"
    from "SnapshotAnnotation" sa
    join "Annotation" a on a."id" = sa."annotationId"
    join "TaskResponse" tr on tr."taskId" = a."taskId"
    join "Response" r on r."id" = tr."responseId"
    where sa."snapshotId" = ${snapshotId} and r."modelVersionId" is not null`;
  await writeEdges(
    tx,
    models.map(({ id }) => ({ from: { kind: 'MODEL_VERSION', id }, to: { kind: 'SNAPSHOT', id: snapshotId }, kind: 'GENERATED_BY' })),
  );
}
