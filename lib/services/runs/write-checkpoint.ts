import type { Deps } from '../deps';
import { writeEdges } from '../lineage/write-edges';
import { type Claim, fencedWrite } from './fenced-write';
import { registerArtifacts, type StoredFile } from './finish-run';

/** Kept with every run, beside those that are marked best or pinned. */
const keptCheckpoints = 2;

/**
 * A checkpoint whose files already lie in the blob store. Fenced. Older ones beyond the last two, the best and the pinned lose their bytes;
 * their rows stay, because lineage names them.
 */
export async function writeCheckpoint(
  deps: Pick<Deps, 'db' | 'blobs' | 'clock'>,
  claim: Claim,
  checkpoint: { step: number; files: Readonly<Record<string, StoredFile>>; best: boolean },
): Promise<{ checkpointId: string }> {
  const at = deps.clock.now();
  const written = await fencedWrite(deps.db, claim, async (tx) => {
    await registerArtifacts(tx, Object.values(checkpoint.files));
    const files = Object.fromEntries(Object.entries(checkpoint.files).map(([name, file]) => [name, file.sha256]));
    if (checkpoint.best) await tx.checkpoint.updateMany({ where: { runId: claim.runId, best: true }, data: { best: false } });
    const row = await tx.checkpoint.upsert({
      where: { runId_step: { runId: claim.runId, step: checkpoint.step } },
      create: { runId: claim.runId, step: checkpoint.step, epoch: claim.epoch, files, best: checkpoint.best },
      update: { epoch: claim.epoch, files, best: checkpoint.best, prunedAt: null },
      select: { id: true },
    });
    await tx.runEvent.create({
      data: { runId: claim.runId, epoch: claim.epoch, code: 'checkpoint', data: { step: checkpoint.step, checkpointId: row.id } },
    });
    await writeEdges(tx, [{ from: { kind: 'RUN', id: claim.runId }, to: { kind: 'CHECKPOINT', id: row.id }, kind: 'GENERATED_BY' }]);
    const old = await tx.checkpoint.findMany({
      where: { runId: claim.runId, prunedAt: null, best: false, pinned: false },
      orderBy: { step: 'desc' },
      select: { id: true, step: true },
    });
    const keep = await tx.checkpoint.findMany({
      where: { runId: claim.runId, prunedAt: null },
      orderBy: { step: 'desc' },
      take: keptCheckpoints,
      select: { id: true },
    });
    const pruned = old.filter((each) => !keep.some((kept) => kept.id === each.id)).map((each) => each.id);
    await tx.checkpoint.updateMany({ where: { id: { in: pruned } }, data: { prunedAt: at } });
    return { checkpointId: row.id, pruned };
  });
  await collectPruned(deps, written.pruned);
  return { checkpointId: written.checkpointId };
}

/** Removes the bytes that only pruned checkpoints still name. */
async function collectPruned(deps: Pick<Deps, 'db' | 'blobs'>, checkpointIds: readonly string[]): Promise<void> {
  for (const id of checkpointIds) {
    const free = await deps.db.$queryRaw<{ sha256: string }[]>`
      delete from "Artifact" a
      using "Checkpoint" c, lateral jsonb_each_text(c."files") f
      where c."id" = ${id} and f."value" = a."sha256"
        and not exists (
          select 1 from "Checkpoint" other, lateral jsonb_each_text(other."files") g
          where other."prunedAt" is null and g."value" = a."sha256")
        and not exists (select 1 from "ModelVersion" m, lateral jsonb_each_text(m."files") h where h."value" = a."sha256")
        and not exists (select 1 from "Snapshot" s where s."artifact" = a."sha256")
      returning a."sha256"`;
    for (const { sha256 } of free) await deps.blobs.remove(sha256);
  }
}
