import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { RoundStage, StageStatus } from '#lib/domain/loop';
import { loopConfig } from '#lib/domain/loop-config';
import { rewardResult } from '#lib/domain/runs';
import type { Estimate } from '#lib/domain/statistics/estimate';
import type { Deps } from '../deps';
import { authoriseRound } from './authorise-loop';
import { readGate } from './gate-by-rule';

export const getGateInput = z.strictObject({ roundId: z.uuid() });

export interface GateView {
  readonly roundId: string;
  readonly ordinal: number;
  readonly loopId: string;
  readonly loopName: string;
  readonly stage: RoundStage;
  readonly status: StageStatus;
  readonly runId: string | null;
  /** On validation prompts, which chose nothing but the epoch. */
  readonly accuracy: Estimate;
  /** What "the longer answer is better" would reach on the same pairs. */
  readonly lengthBaseline: Estimate | null;
  /** Lower end of the interval that the loop's rule asks for; null: a person decides. */
  readonly required: number | null;
  readonly passes: boolean;
  readonly trainPrompts: number;
  readonly validationPrompts: number;
}

/** The numbers at the reward gate. */
export async function getGate(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof getGateInput>): Promise<GateView> {
  const { roundId } = getGateInput.parse(input);
  const { loopId } = await authoriseRound(deps, actor, roundId, 'loop.read');
  const round = await deps.db.round.findUniqueOrThrow({ where: { id: roundId }, include: { loop: true } });
  const gate = await readGate(deps.db, { id: roundId, loop: { config: loopConfig.parse(round.loop.config) } });
  const run = gate.runId ? await deps.db.run.findUnique({ where: { id: gate.runId }, select: { result: true } }) : null;
  const result = rewardResult.safeParse(run?.result).data;
  return {
    roundId,
    ordinal: round.ordinal,
    loopId,
    loopName: round.loop.name,
    stage: round.stage,
    status: round.status,
    ...gate,
    lengthBaseline: result?.lengthBaseline ?? null,
    trainPrompts: result?.trainPrompts ?? 0,
    validationPrompts: result?.validationPrompts ?? 0,
  };
}
