import type { Tx } from '#lib/db/create-db';
import { runKindOfStage } from '#lib/domain/loop';
import type { RunKind } from '#lib/domain/runs';
import { advance } from './advance';
import { createComparisonTasks } from './create-comparison-tasks';
import { createLabelingTasks } from './create-labeling-tasks';
import { type LockedRound, lockRound } from './lock-round';
import { byRule, moveRound } from './move-round';

interface FinishedRun {
  readonly id: string;
  readonly kind: RunKind;
  readonly roundId: string | null;
  /** The model that the run made. */
  readonly modelId: string | null;
}

/** What the round made of the run's outcome; added to the run's result. */
export interface AfterRun {
  readonly tasks?: number;
  readonly duplicates?: number;
  /** Moves the round on; called once the run's own row is written, in the same transaction. */
  readonly moveOn: () => Promise<void>;
}

const stays: AfterRun = { moveOn: async () => undefined };

/**
 * The end of a run for its round, in the transaction that ends the run: makes the tasks that people are asked, and moves the round on.
 * A round that was paused, cancelled or moved meanwhile is left where it is.
 */
export async function afterRun(tx: Tx, run: FinishedRun, at: Date): Promise<AfterRun> {
  if (!run.roundId) return stays;
  const round = await lockRound(tx, run.roundId);
  const expected = round.stage in runKindOfStage ? runKindOfStage[round.stage as keyof typeof runKindOfStage] : null;
  if (round.status !== 'RUNNING' || expected !== run.kind) return stays;
  switch (run.kind) {
    case 'GENERATION': {
      const made = await createLabelingTasks(tx, round, run.id);
      return { ...made, moveOn: () => afterSampling(tx, round, made, at) };
    }
    case 'REWARD_TRAINING':
      return { moveOn: () => go(tx, round, 'rewardTrained', run.modelId ? { rewardModelId: run.modelId } : {}, at) };
    case 'POLICY_TRAINING':
      return { moveOn: () => go(tx, round, 'policyTrained', run.modelId ? { candidateId: run.modelId } : {}, at) };
    case 'EVALUATION': {
      const made = await createComparisonTasks(tx, round, run.id);
      return { ...made, moveOn: async () => void (await advance(tx, round, at)) };
    }
  }
}

async function go(
  tx: Tx,
  round: LockedRound,
  name: 'rewardTrained' | 'policyTrained',
  patch: { rewardModelId?: string; candidateId?: string },
  at: Date,
): Promise<void> {
  const moved = await moveRound(tx, round, name, { ...byRule, data: patch }, at, patch);
  await advance(tx, moved, at);
}

async function afterSampling(tx: Tx, round: LockedRound, made: { tasks: number; duplicates: number }, at: Date): Promise<void> {
  if (made.tasks === 0) {
    await moveRound(tx, round, 'failed', byRule, at, {
      reason:
        'The policy wrote the same answer every time, so there is nothing to rank. Start a loop with a higher temperature or more prompts.',
      reasonCode: 'NOTHING_TO_RANK',
      resumable: false,
    });
    return;
  }
  const moved = await moveRound(tx, round, 'sampled', { ...byRule, data: { ...made } }, at);
  await advance(tx, moved, at);
}
