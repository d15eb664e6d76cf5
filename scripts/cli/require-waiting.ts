import { AppError } from '#lib/errors';
import { getLoop } from '#lib/services/loops/get-loop';
import type { Waiting } from '#lib/services/loops/loop-view';
import type { Installation } from './installation';

const places = { gate: 'at the reward gate', decision: 'for a decision' } as const;

/** The round that waits for this decision. @throws AppError CONFLICT, saying where the loop is instead */
export async function requireWaiting({ deps, actor }: Installation, loopId: string, kind: keyof typeof places): Promise<Waiting> {
  const { name, waiting, status, rounds } = await getLoop(deps, actor, { loopId });
  if (waiting?.kind === kind) return waiting;
  const stage = rounds.at(-1)?.stage.toLowerCase().replaceAll('_', ' ') ?? 'not started';
  throw new AppError('CONFLICT', `The loop "${name}" does not wait ${places[kind]}: it is at ${stage} (${status.toLowerCase()}).`, {
    details: { loopId },
    remedy: `See plumbline loop status ${loopId}.`,
  });
}
