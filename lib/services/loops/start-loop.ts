import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { addOutbox } from '../outbox/add-outbox';
import { authoriseLoop } from './authorise-loop';
import { createRound } from './create-round';

export const startLoopInput = z.strictObject({ loopId: z.uuid() });

/** Starts the first round. Started once: again gives the same round. */
export async function startLoop(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof startLoopInput>,
): Promise<{ roundId: string }> {
  const { loopId } = startLoopInput.parse(input);
  await authoriseLoop(deps, actor, loopId, 'loop.operate');
  const at = deps.clock.now();
  const roundId = await deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select "id" from "Loop" where "id" = ${loopId} for update`;
    const loop = await tx.loop.findUniqueOrThrow({
      where: { id: loopId },
      include: { rounds: { orderBy: { ordinal: 'asc' }, take: 1, select: { id: true } } },
    });
    const first = loop.rounds[0];
    if (first) return first.id;
    if (loop.status === 'CANCELLED')
      throw new AppError('CONFLICT', 'The loop was cancelled before it started.', { remedy: 'Make a new loop.' });
    await tx.loop.update({ where: { id: loopId }, data: { status: 'RUNNING' } });
    const id = await createRound(tx, { loopId, ordinal: 1, initPolicyId: loop.referenceId }, { actorId: actorUserId(actor) }, at);
    await addOutbox(tx, { kind: 'advance-round', subjectId: id, dedupeKey: `advance-${id}-start` });
    return id;
  });
  await deps.queues.wake();
  return { roundId };
}
