import type { Tx } from '#lib/db/create-db';
import type { RoundStage, StageStatus } from '#lib/domain/loop';
import { type LoopConfig, loopConfig } from '#lib/domain/loop-config';
import { AppError } from '#lib/errors';

export interface LockedRound {
  readonly id: string;
  readonly ordinal: number;
  readonly stage: RoundStage;
  readonly status: StageStatus;
  readonly initPolicyId: string;
  readonly rewardModelId: string | null;
  readonly candidateId: string | null;
  readonly snapshotId: string | null;
  readonly loop: {
    readonly id: string;
    readonly projectId: string;
    readonly status: StageStatus;
    readonly referenceId: string;
    readonly datasetId: string;
    readonly config: LoopConfig;
  };
}

/** Locks the round and its loop until the transaction ends: two that move the same round wait for each other. */
export async function lockRound(tx: Tx, roundId: string): Promise<LockedRound> {
  await tx.$queryRaw`select "id" from "Round" where "id" = ${roundId} for update`;
  const round = await tx.round.findUnique({ where: { id: roundId }, include: { loop: true } });
  if (!round) throw new AppError('NOT_FOUND', 'There is no such round.', { details: { roundId } });
  await tx.$queryRaw`select "id" from "Loop" where "id" = ${round.loopId} for update`;
  const { status } = await tx.loop.findUniqueOrThrow({ where: { id: round.loopId }, select: { status: true } });
  return {
    id: round.id,
    ordinal: round.ordinal,
    stage: round.stage,
    status: round.status,
    initPolicyId: round.initPolicyId,
    rewardModelId: round.rewardModelId,
    candidateId: round.candidateId,
    snapshotId: round.snapshotId,
    loop: {
      id: round.loop.id,
      projectId: round.loop.projectId,
      status,
      referenceId: round.loop.referenceId,
      datasetId: round.loop.datasetId,
      config: loopConfig.parse(round.loop.config),
    },
  };
}
