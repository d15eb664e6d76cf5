import type { Tx } from '#lib/db/create-db';
import { AppError } from '#lib/errors';
import { writeEdges } from '../lineage/write-edges';
import { addOutbox } from '../outbox/add-outbox';
import { createRound } from './create-round';
import type { LockedRound } from './lock-round';
import { byRule } from './move-round';

/**
 * What follows a decided round: a promoted policy is marked with the evaluation that selected it; the next round starts from the last
 * promoted policy, or the loop ends.
 */
export async function finishRound(
  tx: Tx,
  round: LockedRound,
  outcome: 'PROMOTED' | 'REJECTED' | 'STOPPED',
  at: Date,
  stop = false,
): Promise<void> {
  if (outcome === 'PROMOTED') await markSelected(tx, round);
  const last = stop || outcome === 'STOPPED' || round.ordinal >= round.loop.config.maxRounds;
  if (last) {
    await tx.loop.update({ where: { id: round.loop.id }, data: { status: 'DONE', finishedAt: at, reason: null } });
    return;
  }
  const initPolicyId = outcome === 'PROMOTED' && round.candidateId ? round.candidateId : round.initPolicyId;
  const nextId = await createRound(tx, { loopId: round.loop.id, ordinal: round.ordinal + 1, initPolicyId }, byRule, at);
  await addOutbox(tx, { kind: 'advance-round', subjectId: nextId, dedupeKey: `advance-${nextId}-start` });
}

async function markSelected(tx: Tx, round: LockedRound): Promise<void> {
  if (!round.candidateId)
    throw new AppError('INVARIANT', 'The round has no trained policy to promote.', { details: { check: 'promotion' } });
  const evaluation = await tx.run.findFirst({
    where: { roundId: round.id, kind: 'EVALUATION', status: 'DONE' },
    orderBy: { finishedAt: 'desc' },
    select: { id: true },
  });
  if (evaluation) {
    await writeEdges(tx, [
      { from: { kind: 'RUN', id: evaluation.id }, to: { kind: 'MODEL_VERSION', id: round.candidateId }, kind: 'SELECTED_BY' },
    ]);
  }
}
