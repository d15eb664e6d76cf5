import type { Tx } from '#lib/db/create-db';
import { rewardResult } from '#lib/domain/runs';
import type { Estimate } from '#lib/domain/statistics/estimate';
import type { LockedRound } from './lock-round';
import { byRule, moveRound } from './move-round';

export interface GateNumbers {
  readonly runId: string | null;
  readonly accuracy: Estimate;
  /** What the rule asks of the interval's lower end; null: a person decides. */
  readonly required: number | null;
  readonly passes: boolean;
}

/** The reward model's accuracy on validation prompts, and what the loop's rule says to it. */
export async function readGate(tx: Tx, round: { id: string; loop: Pick<LockedRound['loop'], 'config'> }): Promise<GateNumbers> {
  const run = await tx.run.findFirst({
    where: { roundId: round.id, kind: 'REWARD_TRAINING', status: 'DONE' },
    orderBy: { finishedAt: 'desc' },
    select: { id: true, result: true },
  });
  const parsed = rewardResult.safeParse(run?.result);
  const accuracy: Estimate = parsed.success
    ? parsed.data.accuracy
    : { defined: false, reason: 'the reward model has not been measured yet', n: 0 };
  const required = round.loop.config.gate.minimumAccuracyLow;
  return { runId: run?.id ?? null, accuracy, required, passes: required !== null && accuracy.defined && accuracy.low >= required };
}

/** Passes the gate where the rule allows it, else waits for a researcher. */
export async function gateByRule(tx: Tx, round: LockedRound, at: Date): Promise<LockedRound> {
  const gate = await readGate(tx, round);
  return moveRound(tx, round, gate.passes ? 'gatePassed' : 'gateHeld', { ...byRule, data: { ...gate } }, at);
}
