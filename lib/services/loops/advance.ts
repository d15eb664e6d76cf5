import { randomUUID } from 'node:crypto';
import type { Tx } from '#lib/db/create-db';
import { runKindOfStage } from '#lib/domain/loop';
import { addOutbox } from '../outbox/add-outbox';
import { decideByRule } from './decide-by-rule';
import { ensureStageRun } from './ensure-stage-run';
import { finishRound } from './finish-round';
import { gateByRule } from './gate-by-rule';
import type { LockedRound } from './lock-round';
import { byRule, moveRound } from './move-round';
import { countSlots } from './open-slots';

/**
 * Moves the round as far as it can go without anybody, and sees to it that the work of the stage where it stands is asked for.
 * Idempotent: called again in the same state it changes nothing. The round is locked by the caller (`lockRound`).
 */
export async function advance(tx: Tx, locked: LockedRound, at: Date): Promise<LockedRound> {
  let round = locked;
  for (;;) {
    if (round.loop.status === 'PAUSED' && !(await hasActiveRun(tx, round))) return pauseIfMoving(tx, round, at);
    const next = await step(tx, round, at);
    if (next === null) return round;
    round = next;
  }
}

/** One move; null where the round waits for a job or a person. */
async function step(tx: Tx, round: LockedRound, at: Date): Promise<LockedRound | null> {
  switch (`${round.stage}/${round.status}` as const) {
    case 'SAMPLING/RUNNING':
      await ensureStageRun(tx, round, 'SAMPLING');
      return null;
    case 'LABELING/WAITING': {
      const slots = await countSlots(tx, round.id, 'LABELING');
      if (slots.wanted === 0 || slots.filled < slots.wanted) return null;
      return moveRound(tx, round, 'labeled', { ...byRule, data: { ...slots } }, at);
    }
    case 'FREEZING/RUNNING':
      if ((await tx.outbox.count({ where: { kind: 'freeze-snapshot', subjectId: round.id, doneAt: null } })) === 0) {
        await addOutbox(tx, { kind: 'freeze-snapshot', subjectId: round.id, dedupeKey: `freeze-${round.id}-${randomUUID()}` });
      }
      return null;
    case 'REWARD_TRAINING/RUNNING':
      await ensureStageRun(tx, round, 'REWARD_TRAINING');
      return null;
    case 'REWARD_GATE/RUNNING':
      return gateByRule(tx, round, at);
    case 'POLICY_TRAINING/RUNNING':
      await ensureStageRun(tx, round, 'POLICY_TRAINING');
      return null;
    case 'EVALUATION/RUNNING': {
      const runId = await ensureStageRun(tx, round, 'EVALUATION');
      const run = await tx.run.findUniqueOrThrow({ where: { id: runId }, select: { status: true } });
      if (run.status !== 'DONE') return null;
      const slots = await countSlots(tx, round.id, 'EVALUATION');
      return moveRound(tx, round, slots.filled < slots.wanted ? 'evaluated' : 'compared', { ...byRule, data: { ...slots } }, at);
    }
    case 'EVALUATION/WAITING': {
      const slots = await countSlots(tx, round.id, 'EVALUATION');
      if (slots.filled < slots.wanted) return null;
      return moveRound(tx, round, 'compared', { ...byRule, data: { ...slots } }, at);
    }
    case 'DECISION/RUNNING': {
      const decided = await decideByRule(tx, round, at);
      if (decided.outcome) await finishRound(tx, decided.round, decided.outcome, at);
      return decided.outcome ? null : decided.round;
    }
    default:
      return null;
  }
}

async function hasActiveRun(tx: Tx, round: LockedRound): Promise<boolean> {
  if (!(round.stage in runKindOfStage)) return false;
  return (await tx.run.count({ where: { roundId: round.id, status: { in: ['QUEUED', 'RUNNING'] } } })) > 0;
}

async function pauseIfMoving(tx: Tx, round: LockedRound, at: Date): Promise<LockedRound> {
  if (round.status !== 'RUNNING' && round.status !== 'WAITING') return round;
  return moveRound(tx, round, 'paused', { ...byRule, reason: 'The loop is paused.' }, at);
}
