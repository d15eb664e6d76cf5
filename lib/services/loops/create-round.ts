import type { Tx } from '#lib/db/create-db';
import type { Mover } from './move-round';

/** Writes a new round at its first stage; `advance` then gives it its work. */
export async function createRound(
  tx: Tx,
  input: { loopId: string; ordinal: number; initPolicyId: string },
  mover: Mover,
  at: Date,
): Promise<string> {
  const round = await tx.round.create({
    data: { loopId: input.loopId, ordinal: input.ordinal, initPolicyId: input.initPolicyId, stageEnteredAt: at, createdAt: at },
    select: { id: true, stage: true, status: true },
  });
  await tx.roundTransition.create({
    data: {
      roundId: round.id,
      toStage: round.stage,
      toStatus: round.status,
      actorId: mover.actorId,
      byRule: mover.actorId === null,
      reason: mover.reason ?? null,
      data: { transition: 'started', initPolicyId: input.initPolicyId },
      at,
    },
  });
  return round.id;
}
