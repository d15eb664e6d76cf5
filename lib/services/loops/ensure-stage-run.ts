import type { Tx } from '#lib/db/create-db';
import { runKindOfStage } from '#lib/domain/loop';
import { isActive } from '#lib/domain/runs';
import { createRun } from '../runs/create-run';
import { requeueRun } from '../runs/requeue-run';
import type { LockedRound } from './lock-round';
import { stageSpec } from './stage-spec';

/** A round that runs has a run that works on it: an active one is left alone, an ended one goes on from its last checkpoint, else a new one. */
export async function ensureStageRun(tx: Tx, round: LockedRound, stage: keyof typeof runKindOfStage): Promise<string> {
  const run = await tx.run.findFirst({
    where: { roundId: round.id, kind: runKindOfStage[stage] },
    orderBy: { createdAt: 'desc' },
    select: { id: true, status: true },
  });
  if (run) {
    if (!isActive(run.status) && run.status !== 'DONE') await requeueRun(tx, run.id);
    return run.id;
  }
  const stageRun = await stageSpec(tx, round, stage);
  return createRun(tx, {
    projectId: round.loop.projectId,
    roundId: round.id,
    spec: stageRun.spec,
    inputHashes: stageRun.inputHashes,
    seed: stageRun.seed,
    device: round.loop.config.device,
    createdById: null,
  });
}
