import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '../deps';
import { completeOutbox } from '../outbox/complete-outbox';
import { advance } from './advance';
import { lockRound } from './lock-round';

export const advanceRoundInput = z.strictObject({ roundId: z.uuid() });

/** The general queue's job: moves a round on as far as it goes by itself. Safe to run twice, and at the same time as a person's decision. */
export async function advanceRound(deps: Deps, _actor: Actor, input: z.input<typeof advanceRoundInput>): Promise<void> {
  const { roundId } = advanceRoundInput.parse(input);
  const at = deps.clock.now();
  await deps.db.$transaction(
    async (tx) => {
      const round = await lockRound(tx, roundId);
      await completeOutbox(tx, 'advance-round', roundId, at);
      if (round.loop.status === 'CANCELLED') return;
      await advance(tx, round, at);
    },
    { maxWait: 30_000, timeout: 120_000 },
  );
}
