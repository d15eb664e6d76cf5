import type { Tx } from '#lib/db/create-db';
import { nextState, type TransitionName } from '#lib/domain/loop';
import type { LockedRound } from './lock-round';

/** Who moved the round, and on which numbers. */
export interface Mover {
  /** null: a rule, a finished job, or the command line. */
  readonly actorId: string | null;
  /** Where left out: what no person did. The command line is nobody's account, but it is no rule either. */
  readonly byRule?: boolean;
  readonly reason?: string | null;
  readonly data?: Readonly<Record<string, unknown>>;
}

export const byRule: Mover = { actorId: null };

interface RoundPatch {
  readonly rewardModelId?: string;
  readonly candidateId?: string;
  readonly snapshotId?: string;
  readonly outcome?: 'PROMOTED' | 'REJECTED' | 'STOPPED';
  readonly finishedAt?: Date;
  readonly reason?: string | null;
  readonly reasonCode?: string | null;
  readonly resumable?: boolean;
}

/** The only way a round changes its stage or status. Throws CONFLICT where the table of lib/domain/loop does not allow the move. */
export async function moveRound(
  tx: Tx,
  round: LockedRound,
  name: TransitionName,
  mover: Mover,
  at: Date,
  patch: RoundPatch = {},
): Promise<LockedRound> {
  const to = nextState(name, round);
  await tx.round.update({
    where: { id: round.id },
    data: {
      stage: to.stage,
      status: to.status,
      reason: null,
      reasonCode: null,
      resumable: true,
      ...(to.stage === round.stage ? {} : { stageEnteredAt: at }),
      ...patch,
    },
  });
  await tx.roundTransition.create({
    data: {
      roundId: round.id,
      fromStage: round.stage,
      fromStatus: round.status,
      toStage: to.stage,
      toStatus: to.status,
      actorId: mover.actorId,
      byRule: mover.byRule ?? mover.actorId === null,
      reason: mover.reason ?? patch.reason ?? null,
      data: { transition: name, ...mover.data },
      at,
    },
  });
  return {
    ...round,
    ...to,
    rewardModelId: patch.rewardModelId ?? round.rewardModelId,
    candidateId: patch.candidateId ?? round.candidateId,
    snapshotId: patch.snapshotId ?? round.snapshotId,
  };
}

/** A decision that leaves the round where it stands; kept beside its moves. */
export async function recordNote(tx: Tx, round: LockedRound, name: string, mover: Mover, at: Date): Promise<void> {
  const { stage, status } = round;
  await tx.roundTransition.create({
    data: {
      roundId: round.id,
      fromStage: stage,
      fromStatus: status,
      toStage: stage,
      toStatus: status,
      actorId: mover.actorId,
      byRule: mover.byRule ?? mover.actorId === null,
      reason: mover.reason ?? null,
      data: { transition: name, ...mover.data },
      at,
    },
  });
}
