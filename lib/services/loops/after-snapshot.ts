import type { Tx } from '#lib/db/create-db';
import { linkAnsweringModels } from '../lineage/link-answering-models';
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
